import type { ReadonlySignal } from '@preact/signals';
import type { MessageExtras } from '../transport/transport.ts';
import type { ContextProvider, MessageHooks, OutgoingMessage } from './host-chat-api.ts';
import type { Parting, Variables } from './host-side.ts';

/** Longest wait for one provider, in milliseconds. */
const CONTEXT_TIMEOUT_MS = 2_000;
/** Longest wait for one hook, in milliseconds. */
const HOOK_TIMEOUT_MS = 5_000;
/** Longest value of one provider, as JSON: a request that is too large would be refused with the visitor's message. */
const MAX_CONTEXT_CHARS = 32_000;

type Asked =
  | { readonly text: string; readonly metadata: Record<string, unknown> }
  | { readonly refusal: string };

export interface BeforeSend {
  addContext(name: string, provider: ContextProvider): () => void;
  use(hooks: MessageHooks): () => void;
  hooks(): Iterable<MessageHooks>;
  ask(message: OutgoingMessage, signal: AbortSignal): Promise<Parting>;
}

/** What the page says about each message before it goes out. Whatever fails there is the page's to see. */
export function createBeforeSend(variables: ReadonlySignal<Variables>): BeforeSend {
  const providers = new Map<string, ContextProvider>();
  const allHooks = new Set<MessageHooks>();
  /** A message that goes out again was asked about already. */
  let last: { readonly id: string; readonly asked: Promise<Asked> } | undefined;

  async function askHooks(message: OutgoingMessage, signal: AbortSignal): Promise<Asked> {
    let { text } = message;
    const metadata: Record<string, unknown> = {};
    for (const { beforeSend } of [...allHooks]) {
      if (beforeSend === undefined) continue;
      const asked = { id: message.id, text };
      const answer = await within(HOOK_TIMEOUT_MS, 'A beforeSend hook', signal, (life) =>
        beforeSend(asked, life),
      );
      if (answer?.refuse !== undefined) return { refusal: String(answer.refuse) };
      if (answer?.text !== undefined) text = String(answer.text);
      Object.assign(metadata, plain('The metadata of a beforeSend hook', answer?.metadata));
    }
    return { text: text.trim() === '' ? message.text : text, metadata };
  }

  async function gather(signal: AbortSignal): Promise<Record<string, unknown>> {
    const given = await Promise.all(
      [...providers].map(async ([name, provider]) => {
        const what = `The context provider "${name}"`;
        const value = plain(what, await within(CONTEXT_TIMEOUT_MS, what, signal, provider));
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
    return Object.fromEntries(given.flat());
  }

  return {
    hooks: () => allHooks,
    addContext(name, provider) {
      providers.set(name, provider);
      return () => {
        if (providers.get(name) === provider) providers.delete(name);
      };
    },
    use(hooks) {
      // Its own, so that the same hooks given twice are taken away one by one.
      const mine = { ...hooks };
      allHooks.add(mine);
      return () => void allHooks.delete(mine);
    },
    async ask(message, signal) {
      if (last?.id !== message.id) last = { id: message.id, asked: askHooks(message, signal) };
      const asked = await last.asked;
      if ('refusal' in asked) return asked;
      const inputs = Object.fromEntries(
        Object.entries(variables.peek()).filter(([, value]) => value !== undefined),
      );
      const extras = Object.entries({ metadata: asked.metadata, inputs, context: await gather(signal) });
      return {
        text: asked.text,
        extras: Object.fromEntries(
          extras.filter(([, values]) => Object.keys(values).length > 0),
        ) as MessageExtras,
      };
    },
  };
}

/** A copy as JSON has it; `undefined`, and a word to the page, where it has none. */
function plain(what: string, value: unknown): unknown {
  if (value === undefined) return undefined;
  try {
    const json = JSON.stringify(value) ?? 'null';
    if (json.length <= MAX_CONTEXT_CHARS) return JSON.parse(json);
    reportError(Error(`Pagehand: ${what} gave ${json.length} characters; ${MAX_CONTEXT_CHARS} can be sent.`));
  } catch (cause) {
    reportError(Error(`Pagehand: ${what} gave what JSON cannot say.`, { cause }));
  }
  return undefined;
}

/** What the work gives in time; `undefined`, and a word to the page, where it fails. */
async function within<Value>(
  ms: number,
  what: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Value | Promise<Value>,
): Promise<Value | undefined> {
  const life = new AbortController();
  const leave = () => life.abort();
  signal.addEventListener('abort', leave);
  const timer = setTimeout(leave, ms);
  try {
    const over = new Promise<never>((_, reject) => {
      life.signal.addEventListener('abort', () =>
        reject(Error(`Pagehand: ${what} took over ${ms / 1000} s.`)),
      );
    });
    return await Promise.race([(async () => work(life.signal))(), over]);
  } catch (cause) {
    if (!signal.aborted) reportError(cause);
    return undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}
