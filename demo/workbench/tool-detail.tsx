import { useSignal } from '@preact/signals';
import type { PageTool } from '../../widget/tools/page-tools.ts';
import { Choices } from './choices.tsx';
import { CopyButton } from './copy-button.tsx';
import { bytes as bytesOf } from './format.ts';
import { JsonView } from './json-view.tsx';
import type { Workbench } from './model.ts';
import { RunPanel } from './run-panel.tsx';
import { schemaRows } from './schema/rows.ts';
import { hintWords } from './tools-pane.tsx';
import { visible } from './visible.ts';

type View = 'run' | 'schema' | 'json';
const VIEWS: readonly (readonly [View, string])[] = [
  ['run', 'Try'],
  ['schema', 'Schema'],
  ['json', 'JSON'],
];

export function ToolDetail(props: {
  readonly bench: Workbench;
  readonly tool: PageTool;
  readonly bytes: number;
}) {
  const { tool, bench } = props;
  const view = useSignal<View>('run');
  const hints = hintWords(tool);
  return (
    <section class="detail" aria-label="Chosen tool">
      <header class="detail-head">
        <div class="detail-title">
          <h2>{visible(tool.title || tool.name)}</h2>
          {tool.title !== '' && <code>{visible(tool.name)}</code>}
        </div>
        <Choices
          label="View"
          choices={VIEWS}
          chosen={view.value}
          onChoose={(choice) => {
            view.value = choice;
          }}
        />
      </header>
      <p class="says">
        <span class="label">The page says</span> {visible(tool.description)}
      </p>
      <p class="quiet">
        {[hints.length > 0 ? hints.join(', ') : 'no hints', tool.pageOrigin, bytesOf(props.bytes)].join(
          ' · ',
        )}
      </p>
      {view.value === 'run' && <RunPanel bench={bench} tool={tool} />}
      {view.value === 'schema' && <SchemaTable tool={tool} />}
      {view.value === 'json' && <Definition bench={bench} tool={tool} />}
    </section>
  );
}

function SchemaTable({ tool }: { readonly tool: PageTool }) {
  const rows = schemaRows(tool.parametersSchema ?? {});
  if (rows.length === 0) return <p class="quiet">The schema names no properties.</p>;
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Property</th>
            <th>Type</th>
            <th>Rules</th>
            <th>The page says</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.path}>
              <td>
                <code>{visible(row.path)}</code>
                {row.required && <span class="facts"> required</span>}
              </td>
              <td>{visible(row.type)}</td>
              <td>{visible(row.rules.join(', '))}</td>
              <td>{visible(row.description)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The tool as it goes on the wire. */
function Definition({ bench, tool }: { readonly bench: Workbench; readonly tool: PageTool }) {
  const entry = bench.snapshot.value.clientTools.find((known) => known.name === tool.name);
  return (
    <div>
      <div class="bar">
        <span class="label">As it is sent</span>
        <CopyButton text={() => JSON.stringify(entry, undefined, 2)} />
      </div>
      <JsonView value={entry} depth={4} />
      <p class="quiet">
        Fingerprint <code>{tool.fingerprint}</code>
      </p>
    </div>
  );
}
