import { useView } from './context.ts';
import type { Argument } from './values.ts';

/** The arguments of a call, one under another, as text and nothing but text. */
export function ArgumentList({ found }: { readonly found: readonly Argument[] }) {
  const { say } = useView().words;
  if (found.length === 0)
    return (
      <p class="muted">
        <bdi>{say('approval.noArguments')}</bdi>
      </p>
    );
  return (
    <dl class="arguments">
      {found.map(({ name, text, sensitive, mixed }, index) => (
        <div key={index}>
          <dt>
            {name}
            {sensitive && <span class="sensitive"> {say('approval.sensitive')}</span>}
            {mixed && <span class="sensitive"> {say('approval.mixed')}</span>}
          </dt>
          <dd dir="auto">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
