import { useSignal } from '@preact/signals';
import { givenTokens, written } from '../../widget/theme/apply-theme.ts';
import { Choices } from '../workbench/choices.tsx';
import { CopyButton } from '../workbench/copy-button.tsx';
import { importTheme, type Look, look, wholeTheme } from './theme-state.ts';

type Kind = 'json' | 'css' | 'tag';

const KINDS: readonly (readonly [Kind, string])[] = [
  ['json', 'JSON'],
  ['css', 'CSS'],
  ['tag', 'Script tag'],
];

/** The theme to take along, and the way back in. */
export function Exports() {
  const kind = useSignal<Kind>('json');
  const problem = useSignal('');
  const pasted = useSignal('');
  const text = exported(kind.value, look.value);
  return (
    <section class="exports" aria-label="Export and import">
      <h2>Take it along</h2>
      <div class="row">
        <Choices
          label="Format"
          choices={KINDS}
          chosen={kind.value}
          onChoose={(chosen) => {
            kind.value = chosen;
          }}
        />
        <CopyButton text={() => text} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it */}
      <section class="text" tabIndex={0} aria-label="The theme">
        <pre>
          <code>{text}</code>
        </pre>
      </section>
      <label>
        <h2>Bring one</h2>
        <textarea
          rows={3}
          spellcheck={false}
          placeholder={'{ "tokens": { "accent": "#5b3fc4" } }'}
          value={pasted.value}
          aria-invalid={problem.value !== ''}
          onInput={({ currentTarget }) => {
            pasted.value = currentTarget.value;
            problem.value = '';
          }}
        />
      </label>
      <button
        type="button"
        disabled={pasted.value.trim() === ''}
        onClick={() => {
          try {
            importTheme(pasted.value);
            pasted.value = '';
          } catch (error) {
            problem.value = `${(error as Error).message}.`;
          }
        }}
      >
        Use this JSON
      </button>
      {problem.value !== '' && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </section>
  );
}

export function exported(kind: Kind, now: Look): string {
  const theme = wholeTheme(now);
  if (kind === 'json') return JSON.stringify(theme, null, 2);
  if (kind === 'css') {
    const lines = Object.entries(givenTokens(theme)).map(
      ([name, value]) => `  --ph-${name}: ${written(value)};`,
    );
    return ['[data-pagehand] {', ...lines, '}'].join('\n');
  }
  const json = JSON.stringify(theme).replaceAll('&', '&amp;').replaceAll("'", '&#39;');
  const attribute = json === '{}' ? '' : `\n  data-theme='${json}'`;
  return `<script async src="${location.origin}/pagehand.js"\n  data-token="ct_live_…"${attribute}></script>`;
}
