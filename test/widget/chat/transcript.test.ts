import { expect, test } from 'vitest';
import type { Attachment, UserEntry } from '../../../widget/chat/state.ts';
import { messagesUpTo, withMentions } from '../../../widget/chat/transcript.ts';

function file(id: string, fields: Partial<Attachment> = {}): Attachment {
  return { id, name: `${id}.png`, size: 3, mimeType: 'image/png', isUploaded: false, ...fields };
}

function question(id: string, attachments: readonly Attachment[], text = 'Look'): UserEntry {
  return { role: 'user', id, text, attachments };
}

test('attachments come first and the words last: uploads by reference, others as they are', () => {
  const entries = [
    question('u1', [
      file('f1', { isUploaded: true }),
      file('i1'),
      file('d1', { name: 'bill.pdf', mimeType: 'application/pdf' }),
    ]),
  ];
  expect(messagesUpTo(entries, 'u1', (id) => `data:${id}`)).toEqual([
    {
      id: 'u1',
      role: 'user',
      content: [
        { type: 'upload', fileId: 'f1', filename: 'f1.png', mimeType: 'image/png' },
        { type: 'image', image: 'data:i1', mimeType: 'image/png', alt: 'i1.png' },
        { type: 'file', data: 'data:d1', mimeType: 'application/pdf', filename: 'bill.pdf' },
        { type: 'text', text: 'Look' },
      ],
    },
  ]);
});

test('what this page no longer has, and what has no room beside what is newer, is named', () => {
  const big = 'x'.repeat(4 * 1024 * 1024);
  const entries = [question('u1', [file('old')], ''), question('u2', [file('new'), file('gone')], '')];
  const data: Record<string, string> = { old: big, new: big };
  expect(messagesUpTo(entries, 'u2', (id) => data[id]).map(({ content }) => content)).toEqual([
    [{ type: 'text', text: '[old.png]' }],
    [
      { type: 'image', image: big, mimeType: 'image/png', alt: 'new.png' },
      { type: 'text', text: '[gone.png]' },
    ],
  ]);
});

test('what another script wrote in the place of attachments is none', () => {
  const entry = { ...question('u1', []), attachments: 'x' } as unknown as UserEntry;
  const odd = { ...question('u2', []), attachments: [{ id: 1 }] } as unknown as UserEntry;
  expect(messagesUpTo([entry, odd], 'u2', () => undefined).map(({ content }) => content)).toEqual([
    'Look',
    'Look',
  ]);
});

test('what a message names goes along in its context, beside what the page says', () => {
  const entries: UserEntry[] = [
    {
      role: 'user',
      id: 'u1',
      text: 'Ask @Ada',
      mentions: [{ id: 'p1', name: 'Ada', source: 'People', data: { no: 7 } }],
    },
  ];
  expect(withMentions({ context: { page: 'shop' } }, entries, 'u1')).toEqual({
    context: { page: 'shop', mentions: { p1: { name: 'Ada', source: 'People', data: { no: 7 } } } },
  });
  expect(withMentions({}, [question('u2', [])], 'u2')).toEqual({});
});
