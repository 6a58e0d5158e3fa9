import { useView } from '../context.ts';
import { DropZone } from './drop-zone.tsx';
import { LengthNote } from './length-note.tsx';
import { Suggestions } from './suggestions.tsx';
import { useHistory } from './use-history.ts';
import { WaitingFiles } from './waiting-files.tsx';

/** What the composer has beyond its field and its buttons. Drawn into it, before the field. */
export function ComposerMore() {
  const { attaches, chat, composing, sources } = useView();
  const now = composing?.now.value;
  useHistory();
  return (
    <>
      {attaches !== false && attaches !== 'off' && chat.surface.value?.files !== undefined && <DropZone />}
      {sources !== undefined && sources.value.length > 0 && <Suggestions sources={sources} />}
      {now !== undefined && <WaitingFiles composing={now} />}
      <LengthNote />
    </>
  );
}
