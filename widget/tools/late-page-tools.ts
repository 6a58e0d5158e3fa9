import { errorOutput } from '../../protocol/output.ts';
import type { OwnedPageTools, PageToolsOptions } from './create-page-tools.ts';
import type { PageCallOutcome } from './page-tools.ts';

const NONE: ReadonlySet<string> = new Set();

/** The page's tools, fetched with what else a turn needs: nobody asks for them before the visitor writes. */
export function latePageTools(options: PageToolsOptions): OwnedPageTools {
  let tools: OwnedPageTools | undefined;
  let loading: Promise<OwnedPageTools> | undefined;

  function load(): Promise<OwnedPageTools> {
    loading ??= import('./create-page-tools.ts').then(
      ({ createPageTools }) => {
        tools = createPageTools(options);
        return tools;
      },
      (cause: unknown) => {
        loading = undefined;
        throw cause;
      },
    );
    return loading;
  }

  return {
    async prepare() {
      await load();
    },
    implementation: () => tools?.implementation() ?? 'none',
    snapshot: () => load().then((loaded) => loaded.snapshot(), nothing),
    check: (...call) => load().then((loaded) => loaded.check(...call), unreachable),
    run: (...call) => load().then((loaded) => loaded.run(...call), unreachable),
    onChange(listener) {
      let isOver = false;
      let undo = () => {};
      load().then((loaded) => {
        if (!isOver) undo = loaded.onChange(listener);
      }, nothing);
      return () => {
        isOver = true;
        undo();
      };
    },
    leading: () => tools?.leading() ?? NONE,
  };
}

/** Without their code there are no tools, and none that could change. */
function nothing() {
  return { tools: new Map(), clientTools: [], fingerprint: '', refused: [] };
}

function unreachable(): PageCallOutcome & { readonly status: 'refused' } {
  const words =
    'A part of the chat did not load, so the tools of this page could not be reached. Nothing was run.';
  return { status: 'refused', reason: 'gone', output: errorOutput(words) };
}
