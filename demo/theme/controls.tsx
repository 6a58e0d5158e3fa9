import { useSignal } from '@preact/signals';
import type { TargetedInputEvent } from 'preact';
import { checkToken } from '../../widget/theme/check-token.ts';
import { TOKEN_KINDS, TOKEN_NAMES, type TokenName } from '../../widget/theme/token-kinds.ts';
import tokens from '../../widget/theme/tokens.css?inline';
import { TOKEN_MEANINGS, tokenDefaults } from '../../widget/theme/tokens.ts';
import { Choices } from '../workbench/choices.tsx';
import { colourOf, type Figure, figures } from './figures.ts';
import { PRESETS } from './presets.ts';
import { changeTheme, changeToken, look } from './theme-state.ts';

const DEFAULTS = tokenDefaults(tokens);
const COLOURS = TOKEN_NAMES.filter((name) => TOKEN_KINDS[name] === 'color');
const MEASURES = TOKEN_NAMES.filter((name) => TOKEN_KINDS[name] !== 'color');

export function Controls() {
  const { theme } = look.value;
  const failing = figures.value.filter(({ light, dark, least }) => Math.min(light, dark) < least).length;
  return (
    <section class="controls" aria-label="Theme">
      <h2>Begin with</h2>
      <div class="presets">
        {PRESETS.map((preset) => (
          <button
            key={preset.name}
            type="button"
            aria-pressed={JSON.stringify(preset.theme) === JSON.stringify(theme)}
            onClick={() => {
              look.value = { ...look.peek(), theme: preset.theme };
            }}
          >
            {preset.name}
          </button>
        ))}
      </div>
      <h2>Colours</h2>
      <p class="quiet" role="status">
        {failing === 0
          ? 'Everything can be told apart, in light and in dark.'
          : `${failing} ${failing === 1 ? 'pair is' : 'pairs are'} too faint to read.`}
      </p>
      <table class="colours">
        <thead>
          <tr>
            <th scope="col">Token</th>
            <th scope="col">Light</th>
            <th scope="col">Dark</th>
            <th scope="col">
              <span class="unseen">Undo</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {COLOURS.map((name) => (
            <ColourRow key={name} name={name} />
          ))}
        </tbody>
      </table>
      <h2>Measures and type</h2>
      <Choices
        label="Density"
        choices={[
          ['compact', 'Compact'],
          ['normal', 'Normal'],
          ['roomy', 'Roomy'],
        ]}
        chosen={theme.density ?? 'normal'}
        onChoose={(density) => changeTheme({ density })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={theme.hostFont === true}
          onChange={({ currentTarget }) => changeTheme({ hostFont: currentTarget.checked })}
        />
        The font of the page
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={theme.hostAccent !== undefined}
          onChange={({ currentTarget }) => changeTheme({ hostAccent: currentTarget.checked })}
        />
        The accent of the page
      </label>
      {MEASURES.map((name) => (
        <MeasureRow key={name} name={name} />
      ))}
    </section>
  );
}

function ColourRow({ name }: { readonly name: TokenName }) {
  const given = look.value.theme.tokens?.[name];
  const found = figures.value.filter(({ colour }) => colour === name);
  const set = (scheme: 'light' | 'dark', colour: string) => {
    const both = { light: colourOf(name, 'light'), dark: colourOf(name, 'dark') };
    changeToken(name, { ...both, [scheme]: colour });
  };
  return (
    <tr>
      <th scope="row" title={TOKEN_MEANINGS[name]}>
        <code>{name}</code>
      </th>
      {(['light', 'dark'] as const).map((scheme) => (
        <td key={scheme}>
          <input
            type="color"
            aria-label={`${name}, ${scheme}`}
            value={colourOf(name, scheme)}
            onInput={({ currentTarget }: TargetedInputEvent<HTMLInputElement>) =>
              set(scheme, currentTarget.value)
            }
          />
          {found.map((figure) => (
            <Contrast key={figure.on} figure={figure} scheme={scheme} />
          ))}
        </td>
      ))}
      <td>
        <Reset name={name} isGiven={given !== undefined} />
      </td>
    </tr>
  );
}

function Contrast({ figure, scheme }: { readonly figure: Figure; readonly scheme: 'light' | 'dark' }) {
  const value = figure[scheme];
  const enough = value >= figure.least;
  return (
    <span class={`contrast ${enough ? '' : 'faint'}`} title={`on ${figure.on}, at least ${figure.least}`}>
      {(Math.floor(value * 10) / 10).toFixed(1)}
      <span class="unseen">{` on ${figure.on}, ${enough ? 'enough' : 'too faint'}`}</span>
      {!enough && ' !'}
    </span>
  );
}

function MeasureRow({ name }: { readonly name: TokenName }) {
  const given = look.value.theme.tokens?.[name];
  const problem = useSignal('');
  const onInput = ({ currentTarget }: TargetedInputEvent<HTMLInputElement>) => {
    const value = currentTarget.value.trim();
    problem.value = '';
    if (value === '') return changeToken(name, undefined);
    try {
      changeToken(name, checkToken(name, value));
    } catch (error) {
      problem.value = (error as Error).message;
    }
  };
  return (
    <div class="measure">
      <label>
        <code>{name}</code> <span class="quiet">{TOKEN_MEANINGS[name]}</span>
        <input
          type="text"
          spellcheck={false}
          value={typeof given === 'string' ? given : ''}
          placeholder={DEFAULTS.get(name)?.light}
          aria-invalid={problem.value !== ''}
          onInput={onInput}
        />
      </label>
      <Reset name={name} isGiven={given !== undefined} />
      {problem.value !== '' && (
        <p class="problem" role="alert">
          {problem.value}.
        </p>
      )}
    </div>
  );
}

function Reset({ name, isGiven }: { readonly name: TokenName; readonly isGiven: boolean }) {
  return (
    <button
      type="button"
      class="plain reset"
      disabled={!isGiven}
      aria-label={`Default ${name}`}
      title="Back to the default"
      onClick={() => changeToken(name, undefined)}
    >
      ↺
    </button>
  );
}
