import { expect, test } from 'vitest';
import type { ClientTool } from '../../../protocol/tool.ts';
import { NO_STORAGE } from '../../../widget/surface-storage.ts';
import { createTransport } from '../../../widget/transport/http-transport.ts';
import { API, answerWith, frames, HELLO, json, type Sent, session, sessionBody, streamed } from './wire.ts';

const NEVER = new AbortController().signal;
const SEARCH: ClientTool = { name: 'search', description: 'Finds products.', origin: 'webmcp' };
const TOOLS = { clientTools: [SEARCH], fingerprint: '1:a' };
const OTHER = { clientTools: [{ ...SEARCH, name: 'find' }], fingerprint: '1:b' };
const NONE = { clientTools: [], fingerprint: '0:0' };

function open() {
  const to = createTransport({ api: API, token: 'ct_test_store', storage: NO_STORAGE });
  return {
    chat: (tools: typeof TOOLS) => to.chat({ messages: [], assistantMessageId: 'ast_1', tools }, NEVER),
    resume: (tools: typeof TOOLS) =>
      to.resume({ executionId: 'exec_1', toolOutputs: { call_1: 'ok' }, tools }, NEVER),
  };
}

const ok = () => streamed([frames(HELLO)]);
const resend = () => json({ error: 'client_tools_resend_required' }, 409);

/** What each request said about tools. */
function offers(asked: readonly Sent[]): string[] {
  return asked
    .filter(({ path }) => path !== 'init')
    .map(({ body }) => {
      const tools = body.clientTools as unknown[] | undefined;
      return `${tools === undefined ? '-' : tools.length} ${body.clientToolsFingerprint ?? '-'}`;
    });
}

test('a set goes out once and then by its fingerprint, over chat and resume alike', async () => {
  const asked = answerWith({ init: session(), chat: ok, resume: ok });
  const to = open();
  await to.chat(TOOLS);
  await to.resume(TOOLS);
  await to.chat(TOOLS);
  await to.chat(OTHER);
  await to.chat(OTHER);
  expect(offers(asked)).toEqual(['1 1:a', '- 1:a', '- 1:a', '1 1:b', '- 1:b']);
});

test('a server that lost the set gets it once more in full', async () => {
  const asked = answerWith({ init: session(), chat: (_, count) => (count === 2 ? resend() : ok()) });
  const to = open();
  await to.chat(TOOLS);
  await to.chat(TOOLS);
  await to.chat(TOOLS);
  expect(offers(asked)).toEqual(['1 1:a', '- 1:a', '1 1:a', '- 1:a']);
});

test('a server that always asks again is told of after one retry', async () => {
  const asked = answerWith({ init: session(), chat: (_, count) => (count === 1 ? ok() : resend()) });
  const to = open();
  await to.chat(TOOLS);
  await expect(to.chat(TOOLS)).rejects.toMatchObject({ code: 'client_tools_resend_required' });
  expect(offers(asked)).toEqual(['1 1:a', '- 1:a', '1 1:a']);
});

test('a refused request leaves nothing known', async () => {
  const asked = answerWith({ init: session(), chat: (_, count) => (count === 1 ? json({}, 500) : ok()) });
  const to = open();
  await expect(to.chat(TOOLS)).rejects.toThrow();
  await to.chat(TOOLS);
  expect(offers(asked)).toEqual(['1 1:a', '1 1:a']);
});

test('a new session knows no set', async () => {
  const asked = answerWith({
    init: (_, count) => json(sessionBody({ sessionId: `cs_${count}` })),
    chat: ({ body }, count) => (count === 2 && body.sessionId === 'cs_1' ? json({}, 401) : ok()),
  });
  const to = open();
  await to.chat(TOOLS);
  await to.chat(TOOLS);
  expect(offers(asked)).toEqual(['1 1:a', '- 1:a', '1 1:a']);
});

test('no tools are not mentioned on chat, and take back an earlier set on resume', async () => {
  const asked = answerWith({ init: session(), chat: ok, resume: ok });
  const to = open();
  await to.chat(NONE);
  await to.resume(NONE);
  await to.chat(TOOLS);
  await to.resume(NONE);
  await to.chat(TOOLS);
  expect(offers(asked)).toEqual(['- -', '- -', '1 1:a', '0 -', '1 1:a']);
});

test('a resume says what the wire wants', async () => {
  const asked = answerWith({ init: session(), resume: ok });
  await open().resume(NONE);
  expect(asked[1]?.body).toEqual({
    sessionId: 'cs_1',
    executionId: 'exec_1',
    toolOutputs: { call_1: 'ok' },
    streamResponse: true,
  });
});
