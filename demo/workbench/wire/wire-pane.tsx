import type { ClientToolsReport } from '../../../protocol/event.ts';
import { MAX_CLIENT_TOOLS, MAX_CLIENT_TOOLS_BYTES } from '../../../protocol/limits.ts';
import { CopyButton } from '../copy-button.tsx';
import { bytes, clock, duration, sizeOf } from '../format.ts';
import { JsonView } from '../json-view.tsx';
import { hashOf, place } from '../location.ts';
import { durationOf, isGood, outcomeWords } from '../outcome.ts';
import { visible } from '../visible.ts';
import { EventTable } from './event-table.tsx';
import { changesBetween, type Exchange, type FinishedCall, type Recorder } from './recorder.ts';

/** What went over the wire, request by request: the tools sent, what became of them, and the events as they came. */
export function WirePane({ recorder }: { readonly recorder: Recorder }) {
  const exchanges = recorder.exchanges.value;
  const chosen =
    exchanges.find((exchange) => String(exchange.number) === place.value.item) ?? exchanges.at(-1);
  if (chosen === undefined) {
    return (
      <p class="quiet pad">Say something in the chat. Each request to the server is written down here.</p>
    );
  }
  const before = exchanges.findLast(
    (exchange) => exchange.number < chosen.number && exchange.snapshot !== undefined,
  );
  return (
    <div class="split">
      <div class="list">
        <div class="list-head">
          <CopyButton label="Copy all" text={() => JSON.stringify(exchanges.map(plain), undefined, 2)} />
          <button type="button" class="plain" onClick={recorder.clear}>
            Clear
          </button>
        </div>
        <ul aria-label="Requests">
          {exchanges.map((exchange) => (
            <ExchangeEntry
              key={exchange.number}
              exchange={exchange}
              isChosen={exchange === chosen}
              isLast={exchange === exchanges.at(-1)}
            />
          ))}
        </ul>
      </div>
      <section class="detail" aria-label={`Request ${chosen.number}`}>
        <header class="detail-head">
          <div class="detail-title">
            <h2>{titleOf(chosen)}</h2>
            <code>{chosen.executionId}</code>
          </div>
          <CopyButton label="Copy as JSON" text={() => JSON.stringify(plain(chosen), undefined, 2)} />
        </header>
        <Sent exchange={chosen} before={before} />
        {chosen.report !== undefined && <Verdict report={chosen.report} />}
        <Calls calls={chosen.calls} />
        <EventTable exchange={chosen} />
      </section>
    </div>
  );
}

interface EntryProps {
  readonly exchange: Exchange;
  readonly isChosen: boolean;
  readonly isLast: boolean;
}

function ExchangeEntry({ exchange, isChosen, isLast }: EntryProps) {
  // Behind a request that nothing came back on stands the one that tried again.
  const last = exchange.events.at(-1)?.event.type ?? (isLast ? 'waiting' : 'no answer');
  return (
    <li>
      <a
        class="entry-link"
        href={hashOf({ pane: 'wire', item: String(exchange.number) })}
        aria-current={isChosen ? 'true' : undefined}
      >
        <span class="entry-name">{titleOf(exchange)}</span>
        <span class="entry-side">{clock(exchange.startedAtMs)}</span>
        <code class="entry-code">{last}</code>
        <span class="entry-side">{exchange.events.length} events</span>
      </a>
    </li>
  );
}

function titleOf({ number, kind }: Exchange): string {
  return `${number} ${kind === undefined ? 'Request' : kind === 'resume' ? 'Resume' : 'Dispatch'}`;
}

function Sent({ exchange, before }: { readonly exchange: Exchange; readonly before: Exchange | undefined }) {
  const { snapshot } = exchange;
  if (snapshot === undefined) return <p class="quiet">No tools of the page were read for this request.</p>;
  const size = sizeOf(snapshot.clientTools);
  const changes = changesBetween(before?.snapshot, snapshot);
  return (
    <section class="block" aria-label="Tools sent">
      <h3 class="label">Tools of the page</h3>
      <p>
        {snapshot.clientTools.length} of at most {MAX_CLIENT_TOOLS} tools, {bytes(size)} of at most{' '}
        {bytes(MAX_CLIENT_TOOLS_BYTES)}
        {before === undefined ? '' : `, ${changeWords(changes)}`}
      </p>
      {snapshot.refused.map((entry) => (
        <p key={`${entry.name} ${entry.reason}`} class="refusal">
          Kept back: <code>{visible(entry.name)}</code> {entry.message}
        </p>
      ))}
      <details>
        <summary class="quiet">As they were read</summary>
        <JsonView value={{ clientTools: snapshot.clientTools, fingerprint: snapshot.fingerprint }} />
      </details>
    </section>
  );
}

function changeWords({ added, removed, changed }: ReturnType<typeof changesBetween>): string {
  const words = [
    ...added.map((name) => `${visible(name)} is new`),
    ...changed.map((name) => `${visible(name)} changed`),
    ...removed.map((name) => `${visible(name)} is gone`),
  ];
  return words.length === 0 ? 'the same as before' : words.join(', ');
}

/** What the server let through, and what it refused and why. */
export function Verdict({ report }: { readonly report: ClientToolsReport }) {
  return (
    <section class="block" aria-label="Admitted and refused">
      <h3 class="label">Admitted and refused by the server</h3>
      <p>
        {report.admitted.length} admitted, {report.refused.length} refused, for the origin{' '}
        {report.origin ?? '(none)'}
      </p>
      {report.refused.map((tool) => (
        <p key={`${tool.origin} ${tool.name}`} class="refusal">
          Refused: <code>{visible(tool.name)}</code> {visible(tool.message)} <code>{tool.reason}</code>
        </p>
      ))}
      {report.admitted.length > 0 && (
        <details>
          <summary class="quiet">Names at the model</summary>
          <table>
            <tbody>
              {report.admitted.map((tool) => (
                <tr key={`${tool.origin} ${tool.name}`}>
                  <td>
                    <code>{visible(tool.name)}</code>
                  </td>
                  <td>
                    <code>{visible(tool.modelName)}</code> {tool.notes.map(visible).join(' ')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}

/** What ran in the page because this answer asked for it. */
function Calls({ calls }: { readonly calls: readonly FinishedCall[] }) {
  if (calls.length === 0) return null;
  return (
    <section class="block" aria-label="Calls in the page">
      <h3 class="label">Calls in the page</h3>
      {calls.map((call) => {
        const took = durationOf(call.outcome);
        return (
          <p key={call.toolCallId} class={isGood(call.outcome) ? undefined : 'refusal'}>
            <code>{visible(call.name)}</code> {outcomeWords(call.outcome)}
            {took === undefined ? '' : ` · ${duration(took)}`}
          </p>
        );
      })}
    </section>
  );
}

function plain(exchange: Exchange) {
  const { number, kind, executionId, startedAtMs, snapshot, report, events, calls } = exchange;
  return {
    number,
    kind,
    executionId,
    startedAt: new Date(startedAtMs).toISOString(),
    clientTools: snapshot?.clientTools,
    clientToolsFingerprint: snapshot?.fingerprint,
    keptBack: snapshot?.refused,
    report,
    events: events.map(({ event, atMs }) => ({ afterMs: Math.round(atMs - startedAtMs), ...event })),
    calls,
  };
}
