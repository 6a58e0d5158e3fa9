import { useId, useState } from 'preact/hooks';
import type { ToolCallPart, ToolCallState } from '../chat/state.ts';
import type { Words } from '../messages.ts';
import { ALERT, CHECK, CHEVRON, MINUS, PAUSE } from './answer-icons.ts';
import { ArgumentList } from './argument-list.tsx';
import { useView } from './context.ts';
import { Icon, type IconProps } from './icon.tsx';
import { STOP } from './panel-icons.ts';
import { readArguments, readableJson } from './values.ts';

const ICONS: Partial<Record<ToolCallState['status'], IconProps>> = {
  done: { path: CHECK },
  failed: { path: ALERT },
  on_hold: { path: PAUSE },
  refused: { path: MINUS },
  declined: { path: MINUS },
  cancelled: { path: STOP, filled: true },
  unknown: { path: ALERT },
};

/** A tool call as one sentence, and its receipt a click away. While the visitor decides, the approval card stands for it. */
export function ToolRow({ part }: { readonly part: ToolCallPart }) {
  const { words } = useView();
  const [open, setOpen] = useState(false);
  const details = useId();
  const { state } = part;
  const { status } = state;
  if (status === 'approval' && !state.elsewhere) return null;
  const icon = ICONS[status];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups form controls, and this is a record
    <div class={`tool ${status}`} role="group" aria-label={part.title}>
      <button
        type="button"
        class="tool-line"
        aria-expanded={open}
        aria-controls={details}
        onClick={() => setOpen(!open)}
      >
        <span class="tool-mark">{icon === undefined ? <span class="spinner" /> : <Icon {...icon} />}</span>
        <span class="tool-words">
          <bdi class="tool-title">{part.title}</bdi>
          {toolWords(part, words).map((phrase) => (
            <span key={phrase}>
              {' · '}
              <bdi>{phrase}</bdi>
            </span>
          ))}
        </span>
        <Icon path={CHEVRON} />
      </button>
      <div id={details} class="receipt" hidden={!open}>
        {open && <Receipt part={part} />}
      </div>
    </div>
  );
}

function Receipt({ part }: { readonly part: ToolCallPart }) {
  const { say } = useView().words;
  const { state } = part;
  const result = 'result' in state ? state.result : 'detail' in state ? (state.detail ?? '') : '';
  return (
    <>
      <dl class="facts">
        <Fact name={say('receipt.tool')} value={part.name} />
        <Fact name={say('receipt.page')} value={part.pageOrigin} />
        <Fact
          name={say('receipt.approval')}
          value={part.approvedBy === undefined ? '' : say(`approvedBy.${part.approvedBy}`)}
        />
      </dl>
      <h3>{say('receipt.arguments')}</h3>
      <ArgumentList found={readArguments(part.input, say('unreadable'))} />
      {part.input !== undefined && (
        <details>
          <summary>{say('receipt.asJson')}</summary>
          <Block text={readableJson(part.input, say('unreadable'))} />
        </details>
      )}
      {part.output !== undefined && <h3>{say('receipt.output')}</h3>}
      {part.output !== undefined && <Block text={part.output} />}
      {result !== '' && <h3>{say('receipt.result')}</h3>}
      {result !== '' && <Block text={result} />}
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  if (value === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Block({ text }: { readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it
    <pre class="value" dir="auto" tabIndex={0}>
      {text}
    </pre>
  );
}

/** What follows the title, phrase by phrase. */
function toolWords({ state, runsIn, approvedBy }: ToolCallPart, { say, locale }: Words): string[] {
  const by = approvedBy === undefined || approvedBy === 'server' ? [] : [say(`approvedBy.${approvedBy}`)];
  switch (state.status) {
    case 'running':
      return [say(runsIn === 'page' ? 'tool.runningInPage' : 'tool.running'), ...by];
    case 'done':
    case 'failed': {
      const took = seconds(state.durationMs, locale);
      if (took === undefined) return [say(`tool.${state.status}`), ...by];
      return [say(state.status === 'done' ? 'tool.doneIn' : 'tool.failedAfter', { seconds: took }), ...by];
    }
    case 'refused':
      return [say('tool.refused', { reason: say(`refused.${state.reason}`) })];
    case 'cancelled':
      return [say('tool.cancelled', { reason: say(`cancelled.${state.reason}`) })];
    case 'approval':
      return [say('tool.askedElsewhere')];
    case 'declined':
    case 'on_hold':
    case 'unknown':
      return [say(`tool.${state.status}`)];
    default:
      return [say('tool.requested')];
  }
}

/** Never zero: everything takes a moment. */
function seconds(durationMs: number | undefined, locale: string): string | undefined {
  if (durationMs === undefined) return undefined;
  const value = Math.max(durationMs / 1000, 0.1);
  return value.toLocaleString(locale, { maximumFractionDigits: value < 10 ? 1 : 0 });
}
