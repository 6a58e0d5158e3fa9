import { useLayoutEffect, useRef } from 'preact/hooks';
import { CallsPane } from './calls-pane.tsx';
import { Header, Tabs } from './header.tsx';
import { lowerPane, place } from './location.ts';
import type { Workbench } from './model.ts';
import { Splitter } from './splitter.tsx';
import { ToolsPane } from './tools-pane.tsx';
import { WebmcpPane } from './webmcp-pane.tsx';
import { WirePane } from './wire/wire-pane.tsx';

interface AppProps {
  readonly bench: Workbench;
  /** Drawn by others, and only placed here. */
  readonly shopRoot: HTMLElement;
  readonly chatRoot: HTMLElement;
}

export function App({ bench, shopRoot, chatRoot }: AppProps) {
  return (
    <>
      <Header bench={bench} />
      <main class="page">
        <div class="column">
          <Slot name="sample-page" label="Sample page" content={shopRoot} />
          <Splitter />
          <section class="lower" aria-label="Tools and wire">
            <Tabs bench={bench} current={lowerPane.value} />
            <div class="lower-body">
              <LowerPane bench={bench} />
            </div>
          </section>
        </div>
        <Slot name="chat" label="Chat" content={chatRoot} />
      </main>
      <div class="bottom-tabs">
        <Tabs bench={bench} current={place.value.pane} />
      </div>
    </>
  );
}

function LowerPane({ bench }: { readonly bench: Workbench }) {
  switch (lowerPane.value) {
    case 'calls':
      return <CallsPane bench={bench} />;
    case 'wire':
      return <WirePane recorder={bench.recorder} />;
    case 'webmcp':
      return <WebmcpPane bench={bench} />;
    default:
      return <ToolsPane bench={bench} />;
  }
}

function Slot(props: { readonly name: string; readonly label: string; readonly content: HTMLElement }) {
  const slot = useRef<HTMLElement>(null);
  useLayoutEffect(() => slot.current?.append(props.content), [props.content]);
  return <section ref={slot} class={props.name} aria-label={props.label} />;
}
