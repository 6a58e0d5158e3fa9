import { useLayoutEffect, useState } from 'preact/hooks';
import { useView } from '../context.ts';

/** Shows that files may be let go over the panel. Taking them is the composer's. */
export function DropZone() {
  const { panel, words } = useView();
  const [isOver, setOver] = useState(false);
  useLayoutEffect(() => {
    const life = new AbortController();
    const element = panel.current;
    element?.addEventListener(
      'dragover',
      ({ dataTransfer }) => dataTransfer?.types.includes('Files') && setOver(true),
      life,
    );
    element?.addEventListener('drop', () => setOver(false), life);
    element?.addEventListener(
      'dragleave',
      ({ relatedTarget }) => {
        if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) setOver(false);
      },
      life,
    );
    return () => life.abort();
  }, []);
  return isOver ? <p class="drop-zone">{words.say('attach.drop')}</p> : null;
}
