import { Choices } from './choices.tsx';
import { type Direction, hashOf, type Pane, place, type Theme } from './location.ts';
import type { Workbench } from './model.ts';
import { IMPLEMENTATION_NAMES } from './webmcp-facts.ts';

const THEMES: readonly (readonly [Theme, string])[] = [
  ['auto', 'Auto'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

const DIRECTIONS: readonly (readonly [Direction, string])[] = [
  ['ltr', 'LTR'],
  ['rtl', 'RTL'],
];

export function Header({ bench }: { readonly bench: Workbench }) {
  const { theme, direction } = place.value;
  return (
    <header class="top">
      <h1>Pagehand workbench</h1>
      <a class="chip" href={hashOf({ pane: 'webmcp', item: undefined })}>
        {IMPLEMENTATION_NAMES[bench.implementation.value]}
      </a>
      <ModelName bench={bench} />
      <nav class="top-links" aria-label="Sample pages">
        <a href="/demo/site.html">A customer’s page</a>
        <a href="/demo/spa.html">A SPA</a>
        <a href="/demo/csp.html">A strict page</a>
        <a href="/demo/theme.html">Theme</a>
        <a href="/demo/wrappers/">Frameworks</a>
      </nav>
      <Choices
        label="Colours"
        choices={THEMES}
        chosen={theme}
        onChoose={(choice) => {
          location.hash = hashOf({ theme: choice });
        }}
      />
      <Choices
        label="Direction"
        choices={DIRECTIONS}
        chosen={direction}
        onChoose={(choice) => {
          location.hash = hashOf({ direction: choice });
        }}
      />
    </header>
  );
}

/** Known once an execution has started and said which agent runs it. */
function ModelName({ bench }: { readonly bench: Workbench }) {
  for (const exchange of [...bench.recorder.exchanges.value].reverse()) {
    for (const { event } of exchange.events) {
      if (event.type === 'execution_start' && event.agentName !== undefined) {
        return <span class="chip-quiet">Agent: {event.agentName}</span>;
      }
    }
  }
  return null;
}

const TABS: readonly (readonly [Pane, string])[] = [
  ['shop', 'Shop'],
  ['chat', 'Chat'],
  ['tools', 'Tools'],
  ['calls', 'Calls'],
  ['wire', 'Wire'],
  ['webmcp', 'WebMCP'],
];

/** The panes of the lower half; on a phone, of the whole page. */
export function Tabs({ bench, current }: { readonly bench: Workbench; readonly current: Pane }) {
  const counts: Partial<Record<Pane, number>> = {
    tools: bench.snapshot.value.tools.size,
    calls: bench.calls.value.length,
    wire: bench.recorder.exchanges.value.length,
  };
  return (
    <nav class="tabs" aria-label="Panes">
      {TABS.map(([pane, label]) => (
        <a
          key={pane}
          href={hashOf({ pane, item: undefined })}
          data-narrow={pane === 'shop' || pane === 'chat' ? '' : undefined}
          aria-current={current === pane ? 'page' : undefined}
        >
          {label}
          {counts[pane] ? <span class="count">{counts[pane]}</span> : null}
        </a>
      ))}
    </nav>
  );
}
