import type { TargetedMouseEvent } from 'preact';
import { useId, useRef } from 'preact/hooks';
import type { Decision } from '../chat/chat.ts';
import type { ToolCallPart } from '../chat/state.ts';
import { ArgumentList } from './argument-list.tsx';
import { useArming, useSheetFocus } from './asking.ts';
import { useView } from './context.ts';
import { readArguments } from './values.ts';

export interface ApprovalProps {
  readonly part: ToolCallPart;
  /** How many calls wait behind this one. */
  readonly more: number;
}

/**
 * Asks the visitor about one call. It stands outside the thread, shows whatever page and model wrote as text nodes
 * only, and hears nothing but events that the browser itself vouches for.
 */
export function ApprovalCard({ part, more }: ApprovalProps) {
  const { chat, words } = useView();
  const { say } = words;
  const card = useRef<HTMLDivElement>(null);
  const question = useId();
  const armed = useArming();
  useSheetFocus(card);

  const decide = (decision: Decision) => (event: TargetedMouseEvent<HTMLButtonElement>) => {
    if (event.isTrusted && armed) chat.decide(part.id, decision);
  };
  const found = readArguments(part.input, say('unreadable'));
  const canRemember = part.state.status === 'approval' && part.state.canRemember;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset takes its name from a legend; this one is named by its tool
    <div
      class="card"
      role="group"
      aria-label={part.title}
      aria-describedby={question}
      tabIndex={-1}
      ref={card}
    >
      <div class="card-head">
        <h3 id={question}>
          <bdi>{say('approval.question', { title: part.title })}</bdi>
        </h3>
        {more > 0 && <span class="muted">{say('approval.more', { count: more })}</span>}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it */}
      <div class="card-body" tabIndex={0}>
        <dl class="facts">
          <div>
            <dt>{say('approval.toolName')}</dt>
            <dd>{part.name}</dd>
          </div>
          {part.pageOrigin !== '' && (
            <div>
              <dt>{say('approval.inPage')}</dt>
              <dd>{part.pageOrigin}</dd>
            </div>
          )}
        </dl>
        {found.length > 0 && <h4>{say('approval.withArguments', { count: found.length })}</h4>}
        <ArgumentList found={found} />
        {part.description !== '' && <h4>{say('approval.pageSays')}</h4>}
        {part.description !== '' && (
          <p class="page-says" dir="auto">
            {part.description}
          </p>
        )}
      </div>
      <div class="card-answers">
        <button type="button" class="primary" aria-disabled={!armed} onClick={decide('once')}>
          {say('approval.allowOnce')}
        </button>
        <button type="button" aria-disabled={!armed} onClick={decide('decline')}>
          {say('approval.decline')}
        </button>
        {canRemember && (
          <button type="button" class="quiet" aria-disabled={!armed} onClick={decide('always')}>
            {say('approval.allowAlways')}
          </button>
        )}
      </div>
    </div>
  );
}
