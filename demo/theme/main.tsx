import { render } from 'preact';
import { Choices } from '../workbench/choices.tsx';
import { Controls } from './controls.tsx';
import { Exports } from './exports.tsx';
import { SceneFrame } from './scene-frame.tsx';
import { SCENES } from './scenes.ts';
import { followAddress, look } from './theme-state.ts';

/** `?scene=dark` shows that one alone. */
const only = new URLSearchParams(location.search).get('scene');
const shown = SCENES.filter(({ id }) => only === null || id === only);

function App() {
  const { scheme, direction } = look.value;
  return (
    <>
      <header class="top">
        <h1>Theme of the chat</h1>
        <a href="/">Workbench</a>
        {only !== null && <a href={`?${location.hash}`}>All states</a>}
        <Choices
          label="Colours"
          choices={[
            ['auto', 'Auto'],
            ['light', 'Light'],
            ['dark', 'Dark'],
          ]}
          chosen={scheme}
          onChoose={(chosen) => {
            look.value = { ...look.peek(), scheme: chosen };
          }}
        />
        <Choices
          label="Direction"
          choices={[
            ['ltr', 'LTR'],
            ['rtl', 'RTL'],
          ]}
          chosen={direction}
          onChoose={(chosen) => {
            look.value = { ...look.peek(), direction: chosen };
          }}
        />
      </header>
      <aside class="side" aria-label="Settings">
        <Controls />
        <Exports />
      </aside>
      <main class="scenes">
        {shown.map((scene) => (
          <SceneFrame key={scene.id} scene={scene} />
        ))}
      </main>
    </>
  );
}

followAddress();
render(<App />, document.body);
