import { useState } from 'preact/hooks';
import { CopyButton } from './copy-button.tsx';
import { clock, duration } from './format.ts';
import { JsonView } from './json-view.tsx';
import { hashOf } from './location.ts';
import type { CallRecord, Workbench } from './model.ts';
import { durationOf, isGood, outcomeWords, outputText } from './outcome.ts';
import { visible } from './visible.ts';

/** Every call that ended, by hand or by the chat, newest first. */
export function CallsPane({ bench }: { readonly bench: Workbench }) {
  const calls = bench.calls.value;
  if (calls.length === 0)
    return <p class="quiet pad">No tool has run yet, neither by hand nor by the chat.</p>;
  return (
    <div class="pad">
      <div class="bar">
        <span class="label">{calls.length === 1 ? '1 call' : `${calls.length} calls`}</span>
        <CopyButton label="Copy all" text={() => JSON.stringify(calls, undefined, 2)} />
        <button type="button" class="plain" onClick={bench.clearCalls}>
          Clear
        </button>
      </div>
      <ol class="events">
        {[...calls].reverse().map((call) => (
          <CallRow key={call.number} call={call} bench={bench} />
        ))}
      </ol>
    </div>
  );
}

function CallRow({ call, bench }: { readonly call: CallRecord; readonly bench: Workbench }) {
  const [isOpen, setOpen] = useState(false);
  const took = durationOf(call.outcome);
  const tool = bench.snapshot.value.tools.get(call.name);
  const words = outcomeWords(call.outcome);
  return (
    <li>
      <details
        class="event call"
        open={isOpen}
        data-good={isGood(call.outcome)}
        onToggle={(event) => setOpen(event.currentTarget.open)}
      >
        <summary>
          <span class="event-time">{clock(call.endedAtMs)}</span>
          <code class="event-type">{visible(call.name)}</code>
          <span class="call-by">{call.by}</span>
          <span class="event-size">{took === undefined ? '' : duration(took)}</span>
          <span class="event-about">
            {words} <span class="quiet">{visible(JSON.stringify(call.input))}</span>
          </span>
        </summary>
        {isOpen && (
          <div class="event-body">
            <p class="quiet">{approvalWords(call)}</p>
            <h3 class="label">Arguments</h3>
            <JsonView value={call.input} depth={3} />
            <h3 class="label">What the model reads</h3>
            <pre class="code">{visible(outputText(call.outcome)) || '(nothing)'}</pre>
            {tool !== undefined && (
              <a
                class="plain"
                href={hashOf({ pane: 'tools', item: call.name })}
                onClick={() => bench.benchOf(tool).args.set(call.input)}
              >
                Fill the form with these arguments
              </a>
            )}
          </div>
        )}
      </details>
    </li>
  );
}

function approvalWords({ by, approvedBy }: CallRecord): string {
  if (by === 'you') return 'Run by hand.';
  switch (approvedBy) {
    case 'visitor_once':
      return 'The visitor allowed it once.';
    case 'visitor_always':
      return 'The visitor allowed the tool for this conversation.';
    case 'site_rule':
      return 'A rule of the site allowed it.';
    case 'operator':
      return 'Somebody who runs the site allowed it.';
    case 'server':
      return 'The server allowed it.';
    case undefined:
      return 'Nobody allowed it.';
  }
}
