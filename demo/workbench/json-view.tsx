import { useState } from 'preact/hooks';
import { visible } from './visible.ts';

/** Longest text that is shown at once. */
const LONG_TEXT_CHARS = 2_000;

/** Most entries that are drawn at once. */
const MOST_ENTRIES = 200;

/** A JSON value as a tree. What is closed is not drawn. `depth` levels stand open. */
export function JsonView({ value, depth = 1 }: { readonly value: unknown; readonly depth?: number }) {
  return (
    <div class="json code">
      <Node value={value} depth={depth} />
    </div>
  );
}

function Node({
  name,
  value,
  depth,
}: {
  readonly name?: string;
  readonly value: unknown;
  readonly depth: number;
}) {
  const [isOpen, setOpen] = useState(depth > 0);
  const label = name === undefined ? null : <span class="json-key">{visible(name)}: </span>;
  if (typeof value !== 'object' || value === null) {
    return (
      <div class="json-row">
        {label}
        <Scalar value={value} />
      </div>
    );
  }
  const entries = Object.entries(value);
  const [before, after] = Array.isArray(value) ? '[]' : '{}';
  if (entries.length === 0) {
    return (
      <div class="json-row">
        {label}
        {before}
        {after}
      </div>
    );
  }
  return (
    <details class="json-node" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {label}
        {before}
        <span class="json-count">{isOpen ? '' : ` ${entries.length} ${after}`}</span>
      </summary>
      {isOpen && (
        <div class="json-inside">
          {entries.slice(0, MOST_ENTRIES).map(([key, entry]) => (
            <Node key={key} name={key} value={entry} depth={depth - 1} />
          ))}
          {entries.length > MOST_ENTRIES && <div class="quiet">{entries.length - MOST_ENTRIES} more</div>}
        </div>
      )}
    </details>
  );
}

function Scalar({ value }: { readonly value: unknown }) {
  if (typeof value !== 'string') return <span class={`json-${typeof value}`}>{String(value)}</span>;
  const text = JSON.stringify(value);
  const shown = text.length > LONG_TEXT_CHARS ? `${text.slice(0, LONG_TEXT_CHARS)}…` : text;
  return <span class="json-string">{visible(shown)}</span>;
}
