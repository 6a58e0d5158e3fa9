import { copy } from '../copy.ts';
import { readArguments } from './values.ts';

/** The arguments of a call, one under another, as text and nothing but text. */
export function ArgumentList({ input }: { readonly input: unknown }) {
  const found = readArguments(input);
  if (found.length === 0) return <p class="muted">{copy.approval.noArguments}</p>;
  return (
    <dl class="arguments">
      {found.map(({ name, text, sensitive }) => (
        <div key={name}>
          <dt>
            {name}
            {sensitive && <span class="sensitive"> {copy.approval.sensitive}</span>}
          </dt>
          <dd dir="auto">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
