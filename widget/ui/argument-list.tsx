import { copy } from '../copy.ts';
import type { Argument } from './values.ts';

/** The arguments of a call, one under another, as text and nothing but text. */
export function ArgumentList({ found }: { readonly found: readonly Argument[] }) {
  if (found.length === 0)
    return (
      <p class="muted">
        <bdi>{copy.approval.noArguments}</bdi>
      </p>
    );
  return (
    <dl class="arguments">
      {found.map(({ name, text, sensitive, mixed }, index) => (
        <div key={index}>
          <dt>
            {name}
            {sensitive && <span class="sensitive"> {copy.approval.sensitive}</span>}
            {mixed && <span class="sensitive"> {copy.approval.mixed}</span>}
          </dt>
          <dd dir="auto">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
