import { useSignal } from '@preact/signals';
import type { PageTool } from '../../widget/tools/page-tools.ts';
import { bytes, sizeOf } from './format.ts';
import { goQuietly, hashOf, place } from './location.ts';
import type { Workbench } from './model.ts';
import { ToolDetail } from './tool-detail.tsx';
import { visible } from './visible.ts';

/** The page's tools: a list, and the chosen one with its schema, a form to run it and its result. */
export function ToolsPane({ bench }: { readonly bench: Workbench }) {
  const filter = useSignal('');
  const { tools, refused, clientTools } = bench.snapshot.value;
  const words = filter.value.toLowerCase().split(/\s+/);
  const shown = [...tools.values()].filter((tool) =>
    words.every((word) => `${tool.name} ${tool.title} ${tool.description}`.toLowerCase().includes(word)),
  );
  const chosen = tools.get(place.value.item ?? '') ?? shown[0];
  return (
    <div class="split">
      <div class="list">
        <div class="list-head">
          <input
            type="search"
            class="control"
            placeholder="Filter tools"
            aria-label="Filter tools"
            value={filter.value}
            onInput={(event) => {
              filter.value = event.currentTarget.value;
            }}
          />
          <button type="button" class="small" onClick={() => void bench.refresh()}>
            Read again
          </button>
        </div>
        <ul aria-label="Tools of the page" onKeyDown={moveAlong}>
          {shown.map((tool) => (
            <ToolEntry
              key={tool.name}
              tool={tool}
              isChosen={tool === chosen}
              bytes={wireSize(clientTools, tool)}
            />
          ))}
        </ul>
        {tools.size === 0 && <p class="quiet pad">The page has registered no tools.</p>}
        {tools.size > 0 && shown.length === 0 && <p class="quiet pad">No tool has these words.</p>}
        <p class="quiet pad list-sum">
          {tools.size} {tools.size === 1 ? 'tool' : 'tools'}, {bytes(sizeOf(clientTools))} on the wire
        </p>
        {refused.length > 0 && (
          <section class="pad" aria-label="Kept back by the widget">
            <h3 class="label">Kept back by the widget</h3>
            {refused.map((entry) => (
              <p key={`${entry.name} ${entry.reason}`} class="refusal">
                <code>{visible(entry.name)}</code> {entry.message}
              </p>
            ))}
          </section>
        )}
      </div>
      {chosen === undefined ? (
        <div class="detail" />
      ) : (
        <ToolDetail key={chosen.name} bench={bench} tool={chosen} bytes={wireSize(clientTools, chosen)} />
      )}
    </div>
  );
}

function ToolEntry(props: { readonly tool: PageTool; readonly isChosen: boolean; readonly bytes: number }) {
  const { tool } = props;
  return (
    <li>
      <a
        class="entry-link"
        href={hashOf({ pane: 'tools', item: tool.name })}
        aria-current={props.isChosen ? 'true' : undefined}
      >
        <span class="entry-name">{visible(tool.title || tool.name)}</span>
        <span class="entry-side">{bytes(props.bytes)}</span>
        <code class="entry-code">{tool.title === '' ? '' : visible(tool.name)}</code>
        <span class="entry-side">{hintWords(tool).join(', ')}</span>
      </a>
    </li>
  );
}

/** What the tool says of itself, in words. */
export function hintWords(tool: PageTool): readonly string[] {
  const { readOnlyHint, consequentialHint, untrustedContentHint } = tool.annotations;
  return [
    ...(readOnlyHint ? ['reads'] : []),
    ...(consequentialHint ? ['consequential'] : []),
    ...(untrustedContentHint ? ['untrusted content'] : []),
  ];
}

function wireSize(clientTools: readonly { readonly name: string }[], tool: PageTool): number {
  return sizeOf(clientTools.find((entry) => entry.name === tool.name) ?? null);
}

/** Arrow keys go from tool to tool. */
function moveAlong(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  const links = [...event.currentTarget.querySelectorAll('a')];
  const focused = document.activeElement;
  const next = focused instanceof HTMLAnchorElement ? links[links.indexOf(focused) + step] : undefined;
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
  const item = next.hash.split('?')[0]?.split('/')[1];
  goQuietly({ pane: 'tools', item: item === undefined ? undefined : decodeURIComponent(item) });
}
