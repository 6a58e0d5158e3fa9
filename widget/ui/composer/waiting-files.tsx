import { useEffect, useRef, useState } from 'preact/hooks';
import type { WaitingFile } from '../../chat/attachments.ts';
import type { Composing } from '../../chat/composing.ts';
import { fileRulesOf } from '../../chat/file-rules.ts';
import type { Words } from '../../messages.ts';
import { useView } from '../context.ts';
import { focusComposer } from '../focus-composer.ts';
import { Icon } from '../icon.tsx';
import { AGAIN, REMOVE } from './composer-icons.ts';
import { failureWords, problemWords, sizeWords } from './file-words.ts';
import { factsOf } from './sent-files.tsx';
import { Thumbnail } from './thumbnail.tsx';

/** The files of the message that is being written, and what is to be said about them. */
export function WaitingFiles({ composing }: { readonly composing: Composing }) {
  const { chat, words, composer, panel } = useView();
  const { say } = words;
  const { list, problems } = composing.attachments;
  const config = chat.surface.value;
  const accept = config === undefined ? [] : fileRulesOf({ config }).accept;
  const sending = composing.sending.value;
  const remove = (key: string) => {
    composing.attachments.remove(key);
    focusComposer(composer, panel);
  };
  return (
    <>
      {list.value.length > 0 && (
        <ul class="files" aria-label={say('attach.list')}>
          {list.value.map((file) => (
            <WaitingFileItem
              key={file.key}
              file={file}
              onRemove={() => remove(file.key)}
              onRetry={() => composing.attachments.retry(file.key)}
            />
          ))}
        </ul>
      )}
      <Arrivals files={list.value} />
      {problems.value.length > 0 && (
        <div class="compose-note bad" role="alert" lang={words.language}>
          {problems.value.slice(0, 3).map((problem) => (
            <p key={problem.name}>{problemWords(problem, accept, words)}</p>
          ))}
        </div>
      )}
      {sending !== undefined && (
        <p class={sending === 'blocked' ? 'compose-note bad' : 'compose-note'} role="status">
          <span>{say(`attach.${sending}`)}</span>
          {sending === 'held' && (
            <button type="button" class="quiet" onClick={composing.stay}>
              {say('attach.stay')}
            </button>
          )}
        </p>
      )}
    </>
  );
}

interface ItemProps {
  readonly file: WaitingFile;
  readonly onRemove: () => void;
  readonly onRetry: () => void;
}

function WaitingFileItem({ file, onRemove, onRetry }: ItemProps) {
  const { words } = useView();
  const { say } = words;
  const { key, name, size, mimeType, fileId, progress } = file;
  return (
    <li class={`file ${progress.status}`}>
      <Thumbnail attachment={{ id: fileId ?? key, name, size, mimeType, isUploaded: fileId !== undefined }} />
      <span class="file-words">
        <bdi class="file-name" title={name}>
          {name}
        </bdi>
        <span class={progress.status === 'failed' ? 'file-state bad' : 'file-state'}>
          {stateWords(file, words)}
        </span>
        {'bytes' in progress && (
          <progress max={size} value={progress.bytes} aria-label={say('attach.progress', { name })} />
        )}
      </span>
      {progress.status === 'failed' && progress.error.retryable && (
        <button
          type="button"
          class="round quiet"
          aria-label={say('attach.retry', { name })}
          onClick={onRetry}
        >
          <Icon path={AGAIN} />
        </button>
      )}
      <button
        type="button"
        class="round quiet"
        aria-label={say('attach.remove', { name })}
        onClick={onRemove}
      >
        <Icon path={REMOVE} />
      </button>
    </li>
  );
}

function stateWords({ progress, size, mimeType }: WaitingFile, words: Words): string {
  const { say, locale } = words;
  switch (progress.status) {
    case 'ready':
      return factsOf({ mimeType, size }, locale);
    case 'failed':
      return failureWords(progress.error, words);
    case 'held':
      return say(`attach.${progress.reason}`);
    case 'moving': {
      const percent = new Intl.NumberFormat(locale, { style: 'percent' }).format(progress.bytes / size);
      return say('attach.moving', { percent, size: sizeWords(size, locale) });
    }
  }
}

/** Says of each file that it is there, or that it is not, once. */
function Arrivals({ files }: { readonly files: readonly WaitingFile[] }) {
  const { words } = useView();
  const known = useRef(new Set<string>());
  const [sentence, setSentence] = useState('');
  useEffect(() => {
    for (const { key, name, progress } of files) {
      if (progress.status === 'moving' || progress.status === 'held') known.current.delete(key);
      else if (!known.current.has(key)) {
        known.current.add(key);
        setSentence(
          progress.status === 'ready'
            ? words.say('attach.added', { name })
            : `${name}: ${failureWords(progress.error, words)}`,
        );
      }
    }
  }, [files]);
  return (
    <span class="unseen" role="status">
      {sentence}
    </span>
  );
}
