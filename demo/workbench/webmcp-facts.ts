import type { Implementation } from '../../widget/tools/page-tools.ts';

/** The implementation in a few words, for a place without room. */
export const IMPLEMENTATION_NAMES: Readonly<Record<Implementation, string>> = {
  native: 'Native WebMCP',
  pagehand: 'WebMCP by Pagehand’s polyfill',
  polyfill: 'WebMCP by another polyfill',
  testing: 'WebMCP of Chromium 146 to 149',
  none: 'No WebMCP',
};

export const IMPLEMENTATION_SENTENCES: Readonly<Record<Implementation, string>> = {
  native: 'This browser has WebMCP of its own, and the page uses it.',
  pagehand:
    'This browser has no WebMCP switched on. Pagehand’s polyfill stands in for it, so tools and chat work all the same.',
  polyfill: 'This browser has no WebMCP switched on. A polyfill that is not Pagehand’s stands in for it.',
  testing:
    'This browser has only the early testing interface of Chromium 146 to 149. Its tools can be read and run.',
  none: 'There is no WebMCP here, neither the browser’s own nor a polyfill. Tools of the page cannot be read.',
};

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly means: string;
}

/** The dialect of WebMCP that this page speaks, asked without any effect. */
export async function readFacts(): Promise<readonly Fact[]> {
  const context = contextObject();
  return [
    {
      name: 'document.modelContext',
      value: 'modelContext' in document ? 'there' : 'missing',
      means: 'Where pages register tools. Older browsers had it on navigator.',
    },
    {
      name: 'navigator.modelContext',
      value: 'modelContext' in navigator ? 'there' : 'missing',
      means: 'Where Chromium had it before version 152, and where Firefox has it.',
    },
    {
      name: 'Input of executeTool',
      value: context === undefined ? 'unknown' : await inputForm(context),
      means:
        'Chromium 155 and later take an object, earlier ones and some polyfills JSON text. Pagehand speaks both.',
    },
    {
      name: 'Change events',
      value: context instanceof EventTarget ? 'yes' : 'no',
      means:
        'Whether this list follows the page by itself. Each turn of the chat reads the tools anew in any case.',
    },
    {
      name: 'Form tools',
      value: 'agentInvoked' in SubmitEvent.prototype ? 'yes' : 'no',
      means: 'Whether <form toolname> is a tool without a script.',
    },
    {
      name: 'Secure context',
      value: isSecureContext ? 'yes' : 'no',
      means: 'WebMCP is for https and localhost only.',
    },
    { name: 'Browser', value: browserName(), means: 'As it calls itself.' },
  ];
}

function contextObject(): object | undefined {
  const context: unknown = document.modelContext ?? Reflect.get(navigator, 'modelContext');
  return typeof context === 'object' && context !== null ? context : undefined;
}

/** Asked with JSON text for a tool that cannot be, hosts that want an object throw a `TypeError` at the text. */
async function inputForm(context: object): Promise<string> {
  const execute: unknown = Reflect.get(context, 'executeTool');
  if (typeof execute !== 'function') return 'no executeTool';
  try {
    await execute.call(context, { name: ' ', description: ' ', window, origin: location.origin }, '{}');
    return 'JSON text';
  } catch (cause) {
    return cause instanceof TypeError ? 'object' : 'JSON text';
  }
}

function browserName(): string {
  const data: unknown = Reflect.get(navigator, 'userAgentData');
  const brands: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'brands') : undefined;
  if (!Array.isArray(brands)) return navigator.userAgent;
  return brands
    .map((brand: { readonly brand: string; readonly version: string }) => `${brand.brand} ${brand.version}`)
    .filter((name) => !/not.?a.?brand/i.test(name))
    .join(', ');
}
