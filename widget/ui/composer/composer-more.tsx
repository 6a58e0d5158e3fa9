import { useView } from '../context.ts';
import { DropZone } from './drop-zone.tsx';
import { LengthNote } from './length-note.tsx';
import { WaitingFiles } from './waiting-files.tsx';

/** What the composer has beyond its field and its buttons. Drawn into it, before the field. */
export function ComposerMore() {
  const { attaches, composing } = useView();
  const now = composing?.now.value;
  return (
    <>
      {attaches && <DropZone />}
      {now !== undefined && <WaitingFiles composing={now} />}
      <LengthNote />
    </>
  );
}
