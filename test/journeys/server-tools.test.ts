import { join } from 'node:path';
import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ChatPage, lastResult, launch, script, visit } from '../support/chat-page.ts';
import { freePort, type Product, startProduct, startProvider, startSite } from '../support/product.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const TOKEN = 'ct_test_server_tools';
const FLOW_TOKEN = 'ct_test_two_steps';
const KEY = 'sk_test_operator_of_tools';
const MODEL = 'openai-compatible/scripted';
const PARAMETERS = { type: 'object', properties: { order: { type: 'string' } } };

function code(name: string, body: string, timeout = 10_000) {
  return {
    name,
    description: `Does ${name}.`,
    toolType: 'custom',
    parametersSchema: PARAMETERS,
    config: { code: body, timeout },
  };
}

const USES = {
  approval: { require: ['pay_back'] },
  runtimeTools: [
    code('find_order', 'return { found: order }'),
    code('jammed', 'throw new Error("the till is jammed")'),
    code('endless', 'for (;;) {}', 300),
    code('pay_back', 'return "paid " + order'),
    {
      name: 'caller_stock',
      description: 'Asks the caller.',
      toolType: 'local',
      parametersSchema: PARAMETERS,
      config: {},
    },
    {
      name: 'ask_clerk',
      description: 'Asks another agent.',
      toolType: 'subagent',
      parametersSchema: { type: 'object', properties: { task: { type: 'string' } } },
      config: { agent: { model: MODEL, instructions: 'You are a clerk.' } },
    },
  ],
};

const FLOW = {
  name: 'Answer a letter',
  steps: [
    {
      type: 'prompt',
      name: 'sort',
      config: { userPrompt: 'Sort it.', responseFormat: 'json', outputVariable: 'wish' },
    },
    { type: 'prompt', name: 'answer', config: { userPrompt: 'Answer a {{wish.kind}}.' } },
  ],
};

function step(name: string, input: unknown = { order: 'A1' }) {
  return { calls: [{ name, input }] };
}

const SCRIPT = script({
  'use four tools': [
    step('find_order'),
    step('jammed'),
    step('endless'),
    step('caller_stock'),
    { text: 'All four answered.' },
  ],
  'ask the clerk': [step('ask_clerk', { task: 'A1' }), { text: 'The clerk knew.' }],
  A1: [{ text: 'It left on Monday.' }],
  'pay me back': [step('pay_back'), { text: 'That is settled.' }],
  'Sort it.': [{ text: '{"kind":"refund"}' }],
  'Answer a refund.': [{ text: 'Your refund is on its way.' }],
});

let product: Product;
let provider: Awaited<ReturnType<typeof startProvider>>;
let site: Awaited<ReturnType<typeof startSite>>;
let browser: Browser;
let chat: ChatPage;

beforeAll(async () => {
  provider = await startProvider(SCRIPT);
  const [sitePort, port] = [await freePort(), await freePort()];
  const page = (token: string) =>
    `<!doctype html><html lang="en"><head><title>Shop</title><script async src="http://127.0.0.1:${port}/pagehand.js" data-token="${token}"></script></head><body><h1>A shop</h1></body></html>`;
  site = await startSite({ '/': page(TOKEN), '/flow': page(FLOW_TOKEN) }, sitePort);
  const env = {
    OPENAI_BASE_URL: provider.url,
    OPENAI_API_KEY: 'sk-test',
    PAGEHAND_DB: join(temporaryDirectory(), 'tools.db'),
    PAGEHAND_MODEL: MODEL,
  };
  const apiKeys = [{ key: KEY, scopes: ['*'] }];
  const store = {
    id: 'store',
    agent: { model: MODEL, instructions: 'Help.', uses: USES },
    clientTokens: [{ token: TOKEN, allowedOrigins: [site.origin] }],
  };
  product = await startProduct({ port, env, config: { surfaces: [store], apiKeys } });
  const { id: flowId } = (await (await byKey('/v1/flows', FLOW)).json()) as { id: string };
  await product.stop();
  const letters = {
    id: 'letters',
    flowId,
    clientTokens: [{ token: FLOW_TOKEN, allowedOrigins: [site.origin] }],
  };
  product = await startProduct({ port, env, config: { surfaces: [store, letters], apiKeys } });
  browser = await launch('none');
});

afterAll(async () => {
  await browser?.close();
  await product?.stop();
  await site?.close();
  await provider?.close();
});

afterEach(async () => {
  await chat?.page.context().close();
});

function byKey(path: string, body: object): Promise<Response> {
  return fetch(product.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function open(path = '/'): Promise<void> {
  chat = await visit(browser, site.origin + path);
  await chat.launcher.click();
  await chat.message.waitFor();
}

/** Says it, and gives the ids of the approval that the answer stops at. */
async function askForMoney(): Promise<{ executionId: string; approvalId: string }> {
  const answer = chat.page.waitForResponse((response) => response.url().endsWith('/v1/client/chat'));
  await chat.say('pay me back');
  const events = await (await answer).text();
  const [asked] = /^data: .*"approval_start".*$/m.exec(events) ?? ['data: {}'];
  return JSON.parse(asked.slice('data: '.length));
}

test('tools of the server that run, fail, run out of time or are nobody’s here each say so', async () => {
  await open();
  await chat.say('use four tools');
  await see(chat.thread.getByText('All four answered.')).toBeVisible({ timeout: 15_000 });
  await see(chat.row('Find order')).toContainText(/done in/);
  await see(chat.row('Jammed')).toContainText(/failed/);
  await see(chat.row('Endless')).toContainText(/failed after/);
  await see(chat.row('caller_stock')).toContainText('not run: it was not offered for this answer');
  expect(lastResult(provider.calls)).toContain('This chat has no tool named');
  expect(chat.complaints).toEqual([]);
});

test('a tool that is another agent is one row, and what that said is in its receipt', async () => {
  await open();
  await chat.say('ask the clerk');
  await see(chat.thread.getByText('The clerk knew.')).toBeVisible();
  const row = chat.row('Ask clerk');
  await see(row).toContainText(/done in/);
  await row.getByRole('button').click();
  await see(row).toContainText('It left on Monday.');
});

test('a call that the site has to approve says so, outlives a reload, and goes on by itself', async () => {
  await open();
  const ids = await askForMoney();
  const row = chat.row('Pay back');
  await see(row).toContainText('waiting for somebody at this site to approve it');
  await see(chat.panel).toContainText('Waiting for an approval');
  await chat.page.reload();
  await see(row).toContainText('waiting for somebody at this site to approve it');
  await see(chat.panel).toContainText('Waiting for an approval');
  expect((await byKey('/v1/dispatch/approve', { ...ids, decision: 'approved' })).status).toBe(200);
  await see(chat.thread.getByText('That is settled.')).toBeVisible({ timeout: 15_000 });
  await see(row).toContainText('approved by somebody at this site');
  await see(row).toHaveCount(1);
  expect(lastResult(provider.calls)).toContain('paid A1');
  await chat.settled();
});

test('a call that was not approved stands as not run, and Stop ends the wait for one', async () => {
  await open();
  const ids = await askForMoney();
  await byKey('/v1/dispatch/approve', { ...ids, decision: 'denied' });
  await see(chat.thread.getByText('That is settled.')).toBeVisible({ timeout: 15_000 });
  await see(chat.row('Pay back')).toContainText('not run: it was not approved');
  const others = await askForMoney();
  await see(chat.row('Pay back').last()).toContainText('waiting for somebody');
  await chat.stop.click();
  await see(chat.row('Pay back').last()).toContainText('stopped');
  await expect
    .poll(async () => (await byKey('/v1/dispatch/approve', { ...others, decision: 'approved' })).status)
    .toBe(409);
});

test('a surface whose flow has two steps shows the answer of the last', async () => {
  await open('/flow');
  await chat.say('I want my money back');
  await see(chat.thread.getByText('Your refund is on its way.')).toBeVisible();
  await see(chat.thread).not.toContainText('kind');
  await chat.settled();
});
