import { useState } from 'preact/hooks';
import { CopyButton } from '../copy-button.tsx';
import { bytes, duration } from '../format.ts';
import { JsonView } from '../json-view.tsx';
import { visible } from '../visible.ts';
import type { Exchange, SeenEvent } from './recorder.ts';
import { type Run, runsOf, summaryOf, textOf } from './summary.ts';

/** The events of one answer in their order. Neighbouring deltas share a row until somebody opens it. */
export function EventTable({ exchange }: { readonly exchange: Exchange }) {
  const size = exchange.events.reduce((sum, seen) => sum + seen.bytes, 0);
  const runs = runsOf(exchange.events);
  return (
    <section class="block" aria-label="Events">
      <h3 class="label">
        Events <span class="quiet">{`${exchange.events.length}, ${bytes(size)}`}</span>
      </h3>
      <ol class="events">
        {runs.map((run) => (
          <RunRow key={run.events[0]?.event.seq} run={run} startedAtMs={exchange.startedAtMs} />
        ))}
      </ol>
    </section>
  );
}

function RunRow({ run, startedAtMs }: { readonly run: Run; readonly startedAtMs: number }) {
  const [isOpen, setOpen] = useState(false);
  const [first] = run.events;
  if (first === undefined) return null;
  const isMany = run.events.length > 1;
  return (
    <li>
      <details class="event" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span class="event-seq">
            {first.event.seq}
            {isMany && `–${run.events.at(-1)?.event.seq}`}
          </span>
          <span class="event-time">{duration(Math.max(0, first.atMs - startedAtMs))}</span>
          <code class="event-type">
            {run.type}
            {isMany && <span class="quiet"> × {run.events.length}</span>}
          </code>
          <span class="event-size">{bytes(run.events.reduce((sum, seen) => sum + seen.bytes, 0))}</span>
          <span class="event-about">
            {visible(isMany ? JSON.stringify(textOf(run)) : summaryOf(first.event))}
          </span>
        </summary>
        {isOpen && run.events.map((seen) => <EventBody key={seen.event.seq} seen={seen} />)}
      </details>
    </li>
  );
}

function EventBody({ seen }: { readonly seen: SeenEvent }) {
  return (
    <div class="event-body">
      <CopyButton text={() => JSON.stringify(seen.event, undefined, 2)} />
      <JsonView value={seen.event} depth={3} />
    </div>
  );
}
