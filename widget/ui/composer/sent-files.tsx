import { attachmentsIn } from '../../chat/file-rules.ts';
import type { Attachment, UserEntry } from '../../chat/state.ts';
import { useView } from '../context.ts';
import { kindWords, sizeWords } from './file-words.ts';
import { Thumbnail } from './thumbnail.tsx';

/** The files of a message that was sent. */
export function SentFiles({ entry }: { readonly entry: UserEntry }) {
  const { words } = useView();
  const attachments = attachmentsIn(entry.attachments);
  if (attachments.length === 0) return null;
  return (
    <ul class="files sent" aria-label={words.say('attach.list')}>
      {attachments.map((attachment) => (
        <li key={attachment.id} class="file">
          <Thumbnail attachment={attachment} />
          <span class="file-words">
            <bdi class="file-name" title={attachment.name}>
              {attachment.name}
            </bdi>
            <span class="muted">{factsOf(attachment, words.locale)}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** `PNG · 1.2 MB`. */
export function factsOf({ mimeType, size }: Pick<Attachment, 'mimeType' | 'size'>, locale: string): string {
  return [kindWords(mimeType), sizeWords(size, locale)].filter((fact) => fact !== '').join(' · ');
}
