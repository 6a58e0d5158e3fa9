import type { VNode } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { ASK } from '../chat/own-tool-input.ts';
import type { AssistantEntry, AssistantPart } from '../chat/state.ts';
import { ArtifactCard } from './answer/artifact-card.tsx';
import { Media } from './answer/media.tsx';
import { Reasoning } from './answer/reasoning.tsx';
import { Sources } from './answer/sources.tsx';
import { WhyBad } from './answer/why-bad.tsx';
import { AGAIN, CHECK, COPY, THUMBS } from './answer-icons.ts';
import { copyText } from './clipboard.ts';
import { useView } from './context.ts';
import { Icon } from './icon.tsx';
import { Markdown } from './markdown/markdown.tsx';
import { Asked } from './questions/asked.tsx';
import { ReadAloudButton } from './read-aloud-button.tsx';
import type { AnswerProps } from './thread.tsx';
import { ToolRow } from './tool-row.tsx';

export function Answer({ entry, finished, isLast }: AnswerProps) {
  // A part that did not change keeps its node of the virtual tree, and Preact passes it over.
  const nodes = useMemo(() => new WeakMap<AssistantPart, VNode>(), []);
  const nodeOf = (part: AssistantPart) => {
    const node = nodes.get(part) ?? <Part key={`${part.kind} ${part.id}`} part={part} />;
    nodes.set(part, node);
    return node;
  };
  const { say } = useView().words;
  const text = finished ? answerText(entry) : '';
  const sources = entry.parts.filter((part) => part.kind === 'source');
  return (
    <div class="entry answer" part="message answer">
      <span class="unseen">{say('thread.chatSaid')}</span>
      {entry.parts.map(nodeOf)}
      {sources.length > 0 && <Sources parts={sources} />}
      {text !== '' && <AnswerActions entry={entry} text={text} isLast={isLast} />}
    </div>
  );
}

function Part({ part }: { readonly part: AssistantPart }) {
  const { drawings } = useView();
  const standard = <StandardPart part={part} />;
  const isDrawable = part.kind === 'text' || part.kind === 'tool';
  return (isDrawable && drawings?.value?.draw(part, standard)) || standard;
}

function StandardPart({ part }: { readonly part: AssistantPart }) {
  const { say, language } = useView().words;
  switch (part.kind) {
    case 'text':
      if (part.role === 'error') return <p class="notice">{part.text}</p>;
      return <Markdown text={part.text} streaming={part.streaming} />;
    case 'reasoning':
      return <Reasoning part={part} />;
    case 'source':
      // All of them stand together below the answer.
      return null;
    case 'media':
      return <Media part={part} />;
    case 'artifact':
      return <ArtifactCard part={part} />;
    case 'tool':
      if (part.runsIn !== 'widget' || part.state.status === 'refused') return <ToolRow part={part} />;
      return part.name === ASK ? <Asked part={part} /> : null;
    case 'notice':
      return (
        <p class="notice" lang={language}>
          <bdi>{say(`notice.${part.notice}`)}</bdi>
        </p>
      );
  }
}

interface ActionsProps {
  readonly entry: AssistantEntry;
  readonly text: string;
  readonly isLast: boolean;
}

function AnswerActions({ entry, text, isLast }: ActionsProps) {
  const { chat, composer, words } = useView();
  const { say } = words;
  const [copied, setCopied] = useState<boolean>();
  const [asksWhy, setWhy] = useState(false);
  const [thanked, setThanked] = useState(false);
  const row = useRef<HTMLDivElement>(null);
  const onCopy = async () => {
    const isCopied = await copyText(text);
    setCopied(isCopied);
    if (isCopied) chat.copied(entry.id);
    setTimeout(() => setCopied(undefined), 2000);
  };
  return (
    <>
      <div class={`actions ${entry.vote === undefined ? '' : 'voted'}`} ref={row}>
        <button
          type="button"
          class="quiet"
          aria-label={say('answer.copy')}
          title={say('answer.copy')}
          onClick={onCopy}
        >
          <Icon path={copied === true ? CHECK : COPY} />
        </button>
        {(['up', 'down'] as const).map((vote) => (
          <button
            key={vote}
            type="button"
            class="quiet"
            aria-label={say(vote === 'up' ? 'answer.good' : 'answer.bad')}
            title={say(vote === 'up' ? 'answer.good' : 'answer.bad')}
            aria-pressed={entry.vote === vote}
            onClick={() => {
              chat.vote(entry.id, vote);
              setWhy(vote === 'down' && entry.vote !== 'down');
              setThanked(false);
            }}
          >
            <Icon path={THUMBS[vote]} />
          </button>
        ))}
        <ReadAloudButton id={entry.id} text={text} />
        {isLast && chat.capabilities.value.includes('edit') && (
          <button
            type="button"
            class="quiet"
            aria-label={say('answer.again')}
            title={say('answer.again')}
            onClick={() => {
              // It goes with its answer; the focus must not.
              composer.current?.focus({ preventScroll: true });
              void chat.regenerate(entry.id);
            }}
          >
            <Icon path={AGAIN} />
          </button>
        )}
        <span class="muted" role="status">
          {copied === undefined ? (thanked ? say('vote.thanks') : '') : say(copied ? 'copied' : 'notCopied')}
          {asksWhy && <span class="unseen">{say('vote.why')}</span>}
        </span>
      </div>
      {asksWhy && (
        <WhyBad
          entryId={entry.id}
          onDone={(isSent) => {
            setWhy(false);
            setThanked(isSent);
            row.current?.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus({ preventScroll: true });
          }}
        />
      )}
    </>
  );
}

function answerText({ parts }: AssistantEntry): string {
  return parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n\n');
}
