import { type Signal, signal } from '@preact/signals';
import { expect, vi } from 'vitest';
import type { Chat, Decision, Reply } from '../../../widget/chat/chat.ts';
import {
  type AssistantEntry,
  type AssistantPart,
  type Conversation,
  EMPTY_CONVERSATION,
  type TextPart,
  type ToolCallPart,
  type UserEntry,
} from '../../../widget/chat/state.ts';
import { openWords, type Words } from '../../../widget/messages.ts';
import { lateParts, loadLateParts } from '../../../widget/ui/late-parts.ts';
import { renderView, type ViewProps } from '../../../widget/ui/view.tsx';

export interface FakeChat extends Chat {
  readonly conversation: Signal<Conversation>;
  readonly surface: Signal<NonNullable<Chat['surface']['value']> | undefined>;
  readonly sent: string[];
  readonly decisions: [string, Decision][];
  readonly capabilities: Signal<readonly string[]>;
  readonly votes: [string, 'up' | 'down'][];
  readonly replies: [string, readonly Reply[]][];
  readonly calls: string[];
}

/** A chat that does nothing but remember what was asked of it. */
export function fakeChat(conversation: Partial<Conversation> = {}): FakeChat {
  const chat = {
    conversation: signal<Conversation>({ ...EMPTY_CONVERSATION, ...conversation }),
    surface: signal<NonNullable<Chat['surface']['value']> | undefined>({
      title: 'Mug shop',
      welcomeMessage: 'Welcome to the shop.',
      placeholder: 'Ask about mugs',
      suggestions: ['Show me mugs', 'Where is my order?'],
      theme: null,
      webmcp: { enabled: true, requireConfirmFor: [], autoApprove: [] },
    }),
    capabilities: signal<readonly string[]>([]),
    draft: signal(''),
    sent: [] as string[],
    decisions: [] as [string, Decision][],
    votes: [] as [string, 'up' | 'down'][],
    replies: [] as [string, readonly Reply[]][],
    calls: [] as string[],
    prepare: () => {
      chat.calls.push('prepare');
    },
    send: async (text: string) => {
      chat.sent.push(text);
    },
    stop: () => {
      chat.calls.push('stop');
    },
    retry: async () => {
      chat.calls.push('retry');
    },
    decide: (id: string, decision: Decision) => {
      chat.decisions.push([id, decision]);
    },
    vote: (id: string, vote: 'up' | 'down', comment?: string) => {
      chat.votes.push([id, vote]);
      if (comment !== undefined) chat.calls.push(`comment ${comment}`);
    },
    edit: async (id: string, text: string) => {
      chat.calls.push(`edit ${id} ${text}`);
    },
    regenerate: async (id: string) => {
      chat.calls.push(`regenerate ${id}`);
    },
    reply: (id: string, replies: readonly Reply[]) => {
      chat.replies.push([id, replies]);
    },
    copied: (id: string) => {
      chat.calls.push(`copied ${id}`);
    },
    rate: async (rating: number, comment: string) => {
      chat.calls.push(`rate ${rating} ${comment}`.trim());
    },
    startNew: async () => {},
    forget: async () => {},
    history: () => Promise.reject(new Error('There is no history here.')),
    destroy: () => {},
  };
  return chat;
}

export interface Shown {
  readonly root: ShadowRoot;
  /** Where roles and names are looked up. */
  readonly view: HTMLElement;
  readonly open: Signal<boolean>;
  readonly undo: () => void;
}

const undos: (() => void)[] = [];

export interface ShowProps extends Partial<ViewProps> {
  readonly locale?: string;
}

/** The words of every chat that is shown. */
const ENGLISH: Words = await openWords('en');

/** Draws a chat into a page, as the widget does. */
export function show(chat: Chat, { locale = 'en', ...props }: ShowProps = {}): Shown {
  const host = document.createElement('div');
  if (props.mode === 'inline') host.style.cssText = 'display:block;width:400px;height:500px';
  document.body.append(host);
  const root = host.attachShadow({ mode: 'open' });
  const open = props.open ?? signal(true);
  const undo = renderView(root, {
    chat,
    open,
    mode: 'floating',
    position: 'bottom-right',
    theme: 'light',
    words: { ...ENGLISH, locale },
    isTest: false,
    ...props,
  });
  undos.push(() => {
    undo();
    host.remove();
  });
  const view = root.querySelector<HTMLElement>('.ph');
  if (view === null) throw new Error('Nothing was drawn.');
  return { root, view, open, undo };
}

export function hideAll(): void {
  for (const undo of undos.splice(0)) undo();
}

/** Answers and cards are fetched when they are first needed; most tests ask about what comes after that. */
export async function partsLoaded(): Promise<void> {
  loadLateParts(ENGLISH);
  await vi.waitFor(() => expect(lateParts.value !== undefined && ENGLISH.isComplete.value).toBe(true), {
    timeout: 10_000,
  });
}

/** Lets what signals scheduled be drawn. */
export function drawn(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

export function aQuestion(text = 'Add two blue mugs', id = 'u1'): UserEntry {
  return { role: 'user', id, text };
}

export function anAnswer(parts: readonly AssistantPart[], id = 'a1'): AssistantEntry {
  return { role: 'assistant', id, parts, vote: undefined };
}

export function aText(text: string, streaming = false, id = 't1'): TextPart {
  return { kind: 'text', id, text, streaming };
}

export function aCall(state: ToolCallPart['state'], rest: Partial<ToolCallPart> = {}): ToolCallPart {
  return {
    kind: 'tool',
    id: 'c1',
    name: 'add_to_cart',
    title: 'Add to cart',
    description: 'Adds a product to the cart.',
    runsIn: 'page',
    pageOrigin: 'https://shop.example.com',
    input: { product: 'blue-mug', quantity: 2 },
    approvedBy: undefined,
    state,
    ...rest,
  };
}

export const ASKING: ToolCallPart['state'] = { status: 'approval', canRemember: true };

/** A conversation that waits for the visitor. */
export function asking(...calls: ToolCallPart[]): Partial<Conversation> {
  return { phase: 'waiting', entries: [aQuestion(), anAnswer(calls)] };
}
