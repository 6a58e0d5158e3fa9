/** Drawn on a square of 20 with a line of the text's colour. Beside words, never instead of them for a screen reader. */
const PATHS = {
  close: 'M5 5l10 10M15 5L5 15',
  send: 'M10 16V4.5M5 9.5l5-5 5 5',
  stop: 'M6 6h8v8H6z',
  copy: 'M7.5 7.5h8v8h-8zM4.5 12.5v-8h8',
  check: 'M4.5 10.5l3.5 3.5 7.5-8',
  up: 'M6.5 9v7.5M6.5 9l3.2-5.5c1.5 0 2 1 1.8 2.2L11 8.5h4.2c1 0 1.5.8 1.3 1.7l-1.2 5c-.2.8-.8 1.3-1.6 1.3H3.5V9h3z',
  down: 'M13.5 11V3.5M13.5 11l-3.2 5.5c-1.5 0-2-1-1.8-2.2l.5-2.8H4.8c-1 0-1.5-.8-1.3-1.7l1.2-5c.2-.8.8-1.3 1.6-1.3h10.2V11h-3z',
  chevron: 'M6 8l4 4 4-4',
  arrowDown: 'M10 4v11.5M5 10.5l5 5 5-5',
  alert: 'M10 5v6.5M10 14.5v.1',
  minus: 'M5.5 10h9',
  wait: 'M10 6v4.5l3 1.5',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon ${name}`} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
