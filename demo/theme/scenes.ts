import type { AssistantPart, Conversation, Entry, ToolCallPart } from '../../widget/chat/state.ts';

/** One state of the chat. */
export interface Scene {
  readonly id: string;
  readonly title: string;
  readonly conversation?: Partial<Conversation>;
  /** Else as the page is looked at. */
  readonly scheme?: 'light' | 'dark';
  readonly locale?: string;
  readonly shape?: 'phone' | 'wide';
  readonly history?: boolean;
  readonly files?: boolean;
}

const ANSWER = `We have **two** blue mugs:

| Mug | Holds | Price |
|---|---|---|
| Harbour | 0.3 l | € 18 |
| Midnight | 0.4 l | € 22 |

Both are [dishwasher-safe](https://shop.example.com/care). To order from a script:

\`\`\`js
await shop.order('harbour', { quantity: 2 });
\`\`\`

- [x] in stock
- [ ] engraved`;

export const SCENES: readonly Scene[] = [
  { id: 'first', title: 'Before the first message' },
  {
    id: 'thinking',
    title: 'Thinking',
    conversation: { phase: 'thinking', entries: [asked('Show me blue mugs')] },
  },
  {
    id: 'answering',
    title: 'Answering',
    conversation: {
      phase: 'answering',
      answerId: 'a1',
      entries: [
        asked('Show me blue mugs'),
        said([text('There are two of them, and the **larger** one is', true)]),
      ],
    },
  },
  { id: 'answer', title: 'An answer', conversation: talk('Show me blue mugs', [text(ANSWER)]) },
  {
    id: 'reasoning',
    title: 'Reasoning and sources',
    conversation: talk('Is it safe for children?', [
      {
        kind: 'reasoning',
        id: 'r',
        text: 'The glaze matters most here.',
        streaming: false,
        durationMs: 2400,
      },
      text('Yes: the glaze is free of lead, and nothing chips off.'),
      { kind: 'source', id: 's1', url: 'https://shop.example.com/glaze', title: 'Our glazes' },
      { kind: 'source', id: 's2', url: 'https://example.org/standard', title: 'The standard for ceramics' },
    ]),
  },
  {
    id: 'tools',
    title: 'Tools at work',
    conversation: {
      phase: 'acting',
      entries: [
        asked('Put two into my cart and look up my order'),
        said([
          call('1', 'Search the shop', { status: 'done', result: '2 mugs', durationMs: 320 }, 'site_rule'),
          call(
            '2',
            'Add to cart',
            { status: 'done', result: '2 × Harbour', durationMs: 180 },
            'visitor_once',
          ),
          call('3', 'Apply a coupon', { status: 'declined' }),
          call(
            '4',
            'Find an order',
            { status: 'failed', result: 'No such order.', durationMs: 900 },
            'server',
          ),
          call('5', 'Ask the warehouse', { status: 'running', startedAtMs: Date.now() }, 'visitor_always'),
        ]),
      ],
    },
  },
  {
    id: 'approval',
    title: 'Asking to act',
    conversation: {
      phase: 'waiting',
      entries: [
        asked('Order them'),
        said([call('1', 'Check out', { status: 'approval', canRemember: true })]),
      ],
    },
  },
  {
    id: 'question',
    title: 'Asking the visitor',
    conversation: {
      phase: 'waiting',
      entries: [
        asked('I need a present'),
        said([
          {
            ...call('1', 'ask_user_question', { status: 'asking' }),
            name: 'ask_user_question',
            runsIn: 'widget',
            input: {
              questions: [
                {
                  question: 'Who is it for?',
                  header: 'Person',
                  options: [
                    { label: 'Somebody who drinks tea', description: 'Cups with a lid' },
                    { label: 'Somebody who drinks coffee', description: 'Small and thick' },
                  ],
                },
              ],
            },
          },
        ]),
      ],
    },
  },
  {
    id: 'failure',
    title: 'A failure',
    conversation: {
      phase: 'failed',
      entries: [asked('Where is my order?')],
      failure: {
        code: 'internal_error',
        message: 'The server could not answer.',
        hint: undefined,
        retryable: true,
        advice: 'again',
      },
    },
  },
  {
    id: 'offline',
    title: 'Offline',
    conversation: {
      phase: 'reconnecting',
      entries: [asked('Where is my order?'), said([text('It left our workshop on')])],
      wait: { reason: 'offline' },
    },
  },
  {
    id: 'files',
    title: 'Attachments',
    files: true,
    conversation: {
      entries: [
        {
          ...asked('Can you mend this handle?'),
          attachments: [
            { id: 'f1', name: 'handle.jpg', size: 482_113, mimeType: 'image/jpeg', isUploaded: true },
            { id: 'f2', name: 'receipt.pdf', size: 96_400, mimeType: 'application/pdf', isUploaded: true },
          ],
        },
        said([text('We can. Send it to us, and keep the two pieces together.')]),
      ],
    },
  },
  {
    id: 'history',
    title: 'Earlier conversations',
    history: true,
    conversation: talk('Two blue mugs', [text('Done.')]),
  },
  {
    id: 'notices',
    title: 'Cut short',
    conversation: talk('Tell me everything', [
      text('Let us begin with clay.'),
      { kind: 'notice', id: 'n', notice: 'length' },
    ]),
  },
  { id: 'long', title: 'A long thread', conversation: { entries: longThread() } },
  {
    id: 'rtl',
    title: 'From right to left',
    locale: 'ar',
    conversation: talk('أرني الأكواب الزرقاء', [
      text('لدينا كوبان أزرقان: **الميناء** و**منتصف الليل**. أيهما تفضل؟'),
      call('1', 'البحث في المتجر', { status: 'done', result: '2', durationMs: 320 }, 'site_rule'),
    ]),
  },
  { id: 'dark', title: 'Dark', scheme: 'dark', conversation: talk('Show me blue mugs', [text(ANSWER)]) },
  { id: 'light', title: 'Light', scheme: 'light', conversation: talk('Show me blue mugs', [text(ANSWER)]) },
  {
    id: 'phone',
    title: 'On a phone',
    shape: 'phone',
    conversation: talk('Show me blue mugs', [text(ANSWER)]),
  },
];

function asked(words: string, id = 'u1'): Extract<Entry, { role: 'user' }> {
  return { role: 'user', id, text: words };
}

function said(parts: readonly AssistantPart[], id = 'a1'): Entry {
  return { role: 'assistant', id, parts, vote: undefined };
}

function talk(question: string, parts: readonly AssistantPart[]): Partial<Conversation> {
  return { entries: [asked(question), said(parts)] };
}

function text(words: string, streaming = false): AssistantPart {
  return { kind: 'text', id: 't', text: words, streaming };
}

function call(
  id: string,
  title: string,
  state: ToolCallPart['state'],
  approvedBy?: ToolCallPart['approvedBy'],
): ToolCallPart {
  return {
    kind: 'tool',
    id,
    name: 'check_out',
    title,
    description: 'Orders what is in the cart.',
    runsIn: 'page',
    pageOrigin: 'https://shop.example.com',
    input: { email: 'ada@example.com', items: 2 },
    approvedBy,
    state,
  };
}

function longThread(): Entry[] {
  return Array.from({ length: 40 }, (_, index) => [
    asked(`Question ${index + 1}: how is a mug number ${index + 1} made?`, `u${index}`),
    said([text(`By hand, in **${index + 3}** steps, and fired twice.`)], `a${index}`),
  ]).flat();
}
