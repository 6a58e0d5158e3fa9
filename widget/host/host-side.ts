import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { CommandSource } from '../composer-sources.ts';
import type { MessageExtras } from '../transport/transport.ts';
import type { Drawings } from './drawings.tsx';
import type { OutgoingMessage } from './host-chat-api.ts';

/** A message as the page lets it go: with its text, and what goes along; or not at all. */
export type Parting =
  | { readonly text: string; readonly extras: MessageExtras }
  /** A sentence for the visitor. */
  | { readonly refusal: string };

/** What a page changes of its chat, as the chat sees it. Empty until somebody waits for the whole chat. */
export interface HostSide {
  readonly variables: Signal<Variables>;
  readonly drawings: Signal<Drawings | undefined>;
  /** Of commands and mentions. */
  readonly sources: Signal<readonly CommandSource[]>;
  readonly beforeSend: Signal<
    ((message: OutgoingMessage, signal: AbortSignal) => Promise<Parting>) | undefined
  >;
}

export type Variables = Readonly<Record<string, string | number | boolean | undefined>>;

export function createHostSide(): HostSide {
  return {
    variables: signal({}),
    drawings: signal(undefined),
    sources: signal([]),
    beforeSend: signal(undefined),
  };
}

/** What of the surface's copy a page fills in. */
interface Copy {
  readonly title: string;
  readonly welcomeMessage: string | null;
  readonly placeholder: string | null;
  readonly suggestions: readonly string[];
}

/** The copy with the page's variables in the place of `{{name}}` and `{{name|otherwise}}`. */
export function filled<Config extends Copy>(config: Config, { value }: ReadonlySignal<Variables>): Config {
  const fill = (text: string) =>
    text.replace(/\{\{ *(\w+) *(?:\|([^{}]*))?\}\}/g, (_, name, otherwise = '') =>
      String(value[name] ?? otherwise),
    );
  const fillAny = (text: string | null) => text && fill(text);
  return {
    ...config,
    title: fill(config.title),
    welcomeMessage: fillAny(config.welcomeMessage),
    placeholder: fillAny(config.placeholder),
    suggestions: config.suggestions.map(fill),
  };
}
