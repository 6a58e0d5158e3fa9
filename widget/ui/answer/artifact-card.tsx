import { useRef, useState } from 'preact/hooks';
import type { ArtifactPart } from '../../chat/state.ts';
import { CHECK, COPY, SAVE } from '../answer-icons.ts';
import { copyText } from '../clipboard.ts';
import { useView } from '../context.ts';
import { Icon } from '../icon.tsx';
import { fileName, kindOf } from './artifact-kind.ts';

/** A piece of work: what it is, and the ways to have it. It opens in the place of the conversation. */
export function ArtifactCard({ part }: { readonly part: ArtifactPart }) {
  const { slots, words } = useView();
  const { say } = words;
  const [copied, setCopied] = useState<boolean>();
  const [failed, setFailed] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const kind = kindOf(part);
  const title = part.title === '' ? say(`artifact.${kind}`) : part.title;
  const isEmpty = part.text === '';

  const open = async () => {
    setFailed(false);
    try {
      const { showArtifact } = await import('./artifact-viewer.tsx');
      showArtifact({ part, title, slots, onClose: () => opener.current?.focus({ preventScroll: true }) });
    } catch {
      setFailed(true);
    }
  };
  const copy = async () => {
    setCopied(await copyText(part.text));
    setTimeout(() => setCopied(undefined), 2000);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups form controls, and this is a piece of work
    <div class="artifact" role="group" aria-label={title}>
      <div class="artifact-words">
        <p class="artifact-title" dir="auto">
          {title}
        </p>
        <p class="muted" role="status">
          {failed
            ? say('artifact.notLoaded')
            : copied === undefined
              ? say(part.streaming ? 'artifact.coming' : `artifact.${kind}`)
              : say(copied ? 'copied' : 'notCopied')}
        </p>
      </div>
      {kind === 'component' && isEmpty ? (
        <p class="muted">{say('artifact.unknown')}</p>
      ) : (
        <div class="artifact-actions">
          <button type="button" aria-disabled={isEmpty} ref={opener} onClick={() => !isEmpty && void open()}>
            {say('artifact.open')}
          </button>
          <button
            type="button"
            class="quiet"
            aria-label={say('artifact.copy')}
            title={say('artifact.copy')}
            onClick={copy}
          >
            <Icon path={copied === true ? CHECK : COPY} />
          </button>
          <button
            type="button"
            class="quiet"
            aria-label={say('artifact.save')}
            title={say('artifact.save')}
            onClick={() => save(part)}
          >
            <Icon path={SAVE} />
          </button>
        </div>
      )}
    </div>
  );
}

function save(part: ArtifactPart): void {
  // Never the type it says it is: what is saved is text, and opened by nobody unasked.
  const url = URL.createObjectURL(new Blob([part.text], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName(part);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
