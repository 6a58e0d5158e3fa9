import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { ERRORS, ErrorBody, errorBody } from '../../protocol/error.ts';
import {
  ChatRequest,
  DispatchRequest,
  FeedbackRequest,
  InitRequest,
  ResumeRequest,
} from '../../protocol/request.ts';

const chat = { sessionId: 'cs_1', messages: [{ role: 'user', content: 'hi' }] };
const tool = { name: 'search', description: 'Finds things', origin: 'webmcp' };

test.each([
  ['init with a token alone', InitRequest, { token: 'ct_test_x' }, true],
  [
    'init with everything a peer widget sends',
    InitRequest,
    {
      token: 'ct_test_x',
      flowId: 'agent_1',
      sessionId: 'cs_1',
      visitorHistory: true,
      visitorToken: 'cvt_1',
      identityProof: 'rt_eu_x',
    },
    true,
  ],
  ['init without a token', InitRequest, {}, false],
  ['chat with unknown fields', ChatRequest, { ...chat, later: true, context: { page: 1 } }, true],
  [
    'chat with parts',
    ChatRequest,
    {
      ...chat,
      messages: [
        {
          id: 'usr_1',
          role: 'user',
          content: [
            { type: 'image', image: 'data:image/png;base64,AA' },
            { type: 'text', text: 'what is this' },
          ],
        },
      ],
    },
    true,
  ],
  [
    'chat with a part nobody knows',
    ChatRequest,
    { ...chat, messages: [{ role: 'user', content: [{ type: 'smell' }] }] },
    false,
  ],
  [
    'chat with a tool without schema',
    ChatRequest,
    { ...chat, clientTools: [tool], clientToolsFingerprint: '1:a.b' },
    true,
  ],
  [
    'chat with a fingerprint of 128 characters',
    ChatRequest,
    { ...chat, clientToolsFingerprint: 'f'.repeat(128) },
    true,
  ],
  [
    'chat with a fingerprint of 129 characters',
    ChatRequest,
    { ...chat, clientToolsFingerprint: 'f'.repeat(129) },
    false,
  ],
  [
    'chat with a tool name of 128 characters',
    ChatRequest,
    { ...chat, clientTools: [{ ...tool, name: 'n'.repeat(128) }] },
    true,
  ],
  [
    'chat with a tool name of 129 characters',
    ChatRequest,
    { ...chat, clientTools: [{ ...tool, name: 'n'.repeat(129) }] },
    false,
  ],
  [
    'chat with a tool from nowhere',
    ChatRequest,
    { ...chat, clientTools: [{ ...tool, origin: 'mars' }] },
    false,
  ],
  [
    'chat with a schema that is no object',
    ChatRequest,
    { ...chat, clientTools: [{ ...tool, parametersSchema: 'x' }] },
    false,
  ],
  [
    'resume by call id with any value',
    ResumeRequest,
    {
      sessionId: 'cs_1',
      executionId: 'exec_1',
      toolOutputs: { call_1: null, b: 'text', c: { content: [] } },
    },
    true,
  ],
  ['resume without outputs', ResumeRequest, { sessionId: 'cs_1', executionId: 'exec_1' }, false],
  ['feedback of an unknown kind', FeedbackRequest, { sessionId: 'cs_1', type: 'shrug' }, false],
  [
    'dispatch with an inline agent',
    DispatchRequest,
    { agent: { model: 'offline' }, messages: chat.messages, clientToolsPolicy: { allowlist: ['search_*'] } },
    true,
  ],
  [
    'dispatch with a saved agent',
    DispatchRequest,
    { agent: { id: 'store' }, messages: chat.messages, streamResponse: false },
    true,
  ],
  ['dispatch without an agent', DispatchRequest, { messages: chat.messages }, false],
] as const)('%s', (_what, schema, value, accepted) => {
  expect(z.safeParse(schema, value).success).toBe(accepted);
});

test('every error code has a client or server status, and its body reads as an error on the wire', () => {
  for (const [code, { status }] of Object.entries(ERRORS)) {
    expect(status).toBeGreaterThanOrEqual(400);
    const body = errorBody(code as keyof typeof ERRORS, 'Something happened.', {
      requestId: 'req_1',
      hint: 'Mend it.',
    });
    expect(z.parse(ErrorBody, body)).toEqual(body);
  }
});

test('codes that clients compare stand in `error` verbatim; all others put their sentence there', () => {
  const extra = { requestId: 'req_1' };
  expect(errorBody('client_tools_resend_required', 'Send the tools again.', extra).error).toBe(
    'client_tools_resend_required',
  );
  expect(errorBody('rate_limited', 'Too many messages.', extra).error).toBe('Too many messages.');
});
