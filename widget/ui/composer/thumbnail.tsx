import { useEffect, useRef, useState } from 'preact/hooks';
import type { Attachment } from '../../chat/state.ts';
import { useView } from '../context.ts';
import { Icon } from '../icon.tsx';
import { FILE } from './composer-icons.ts';

/** In pixels of the screen's own, for the densest that are common. */
const EDGE = 120;

/**
 * The picture of an attached image, or the sign of a file. Drawn on a canvas: the page's policy may load no image, not
 * even from memory.
 */
export function Thumbnail({ attachment }: { readonly attachment: Attachment }) {
  const { composing } = useView();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isDrawn, setDrawn] = useState(false);
  const isImage = attachment.mimeType.startsWith('image/');
  const composingNow = composing?.now.value;

  useEffect(() => {
    if (!isImage) return;
    void composing?.load();
    if (composingNow === undefined) return;
    let isGone = false;
    const draw = async () => {
      const bytes = await composingNow.attachments.bytesOf(attachment);
      if (bytes === undefined || isGone) return;
      const bitmap = await createImageBitmap(bytes);
      const edge = Math.min(bitmap.width, bitmap.height);
      const [left, top] = [(bitmap.width - edge) / 2, (bitmap.height - edge) / 2];
      if (!isGone) {
        canvas.current?.getContext('2d')?.drawImage(bitmap, left, top, edge, edge, 0, 0, EDGE, EDGE);
        setDrawn(true);
      }
      bitmap.close();
    };
    draw().catch(() => {
      // Not an image after all: the sign of a file stands there.
    });
    return () => {
      isGone = true;
    };
  }, [composingNow, isImage]);

  return (
    <span class="thumb" aria-hidden="true">
      {isImage && <canvas ref={canvas} width={EDGE} height={EDGE} hidden={!isDrawn} />}
      {!isDrawn && <Icon path={FILE} />}
    </span>
  );
}
