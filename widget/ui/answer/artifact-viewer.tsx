import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ArtifactPart } from '../../chat/state.ts';
import { BACK } from '../answer-icons.ts';
import { useView } from '../context.ts';
import { Icon } from '../icon.tsx';
import { paint } from '../markdown/highlight.ts';
import { Markdown } from '../markdown/markdown.tsx';
import type { PanelSlots } from '../panel-slots.ts';
import { useSheet } from '../sheet.ts';
import { kindOf, languageOf } from './artifact-kind.ts';
import styles from './artifact-viewer.css?inline';

export interface ArtifactViewerOptions {
  readonly part: ArtifactPart;
  readonly title: string;
  readonly slots: PanelSlots;
  readonly onClose: () => void;
}

/** Shows a piece of work in the place of the conversation, until it is closed. */
export function showArtifact({ part, title, slots, onClose }: ArtifactViewerOptions): void {
  const close = () => {
    remove();
    // The conversation is there again with the next drawing, and can hold the focus only then.
    requestAnimationFrame(onClose);
  };
  const remove = slots.add('instead-of-thread', () => (
    <ArtifactViewer part={part} title={title} onClose={close} />
  ));
}

interface ArtifactViewerProps {
  readonly part: ArtifactPart;
  readonly title: string;
  readonly onClose: () => void;
}

function ArtifactViewer({ part, title, onClose }: ArtifactViewerProps) {
  const { say } = useView().words;
  const [showsSource, setShowsSource] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useSheet(styles);
  useLayoutEffect(() => button.current?.focus({ preventScroll: true }), []);
  const kind = kindOf(part);
  const hasPreview = kind === 'html' || kind === 'svg' || kind === 'markdown';
  return (
    <section
      class="artifact-viewer"
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
    >
      <div class="artifact-bar">
        <button
          type="button"
          class="round quiet back"
          aria-label={say('artifact.close')}
          title={say('artifact.close')}
          ref={button}
          onClick={onClose}
        >
          <Icon path={BACK} />
        </button>
        <h3 dir="auto">{title}</h3>
        {hasPreview && (
          <button
            type="button"
            class="quiet"
            aria-pressed={showsSource}
            onClick={() => setShowsSource(!showsSource)}
          >
            {say('artifact.source')}
          </button>
        )}
      </div>
      {hasPreview && !showsSource ? (
        kind === 'markdown' ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it
          <section class="artifact-page" tabIndex={0} aria-label={title}>
            <Markdown text={part.text} streaming={false} />
          </section>
        ) : (
          <Preview text={part.text} title={title} />
        )
      ) : (
        <Source text={part.text} language={kind === 'html' || kind === 'svg' ? 'xml' : languageOf(part)} />
      )}
    </section>
  );
}

/** Loads nothing, runs nothing, and leads nowhere by itself. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:";

/** A document of its own, without scripts, forms, a way to the page or an origin. */
function Preview({ text, title }: { readonly text: string; readonly title: string }) {
  const { say } = useView().words;
  const [url, setUrl] = useState('');
  const [blocked, setBlocked] = useState(false);
  useLayoutEffect(() => {
    const page = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">${text}`;
    const made = URL.createObjectURL(new Blob([page], { type: 'text/html' }));
    const onViolation = ({ blockedURI, effectiveDirective }: SecurityPolicyViolationEvent) => {
      if (blockedURI.startsWith('blob') && /^(?:frame|child|default)-src/.test(effectiveDirective))
        setBlocked(true);
    };
    document.addEventListener('securitypolicyviolation', onViolation);
    setUrl(made);
    return () => {
      document.removeEventListener('securitypolicyviolation', onViolation);
      URL.revokeObjectURL(made);
    };
  }, [text]);
  if (blocked) {
    return (
      <>
        <p class="notice artifact-blocked">{say('artifact.blocked')}</p>
        <Source text={text} language="xml" />
      </>
    );
  }
  if (url === '') return null;
  return <iframe class="artifact-frame" title={title} sandbox="" referrerpolicy="no-referrer" src={url} />;
}

function Source({ text, language }: { readonly text: string; readonly language: string }) {
  const code = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const element = code.current;
    if (element === null) return;
    element.textContent = text;
    void paint(element, language);
  }, [text, language]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it
    <pre class="artifact-source" tabIndex={0} dir="ltr">
      <code ref={code} />
    </pre>
  );
}
