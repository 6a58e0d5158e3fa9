import { afterEach, describe, expect, test, vi } from 'vitest';
import { createPageTools } from '../../../widget/tools/create-page-tools.ts';
import type { PageCallOutcome, PageTools } from '../../../widget/tools/page-tools.ts';
import { modelContext, put } from './hosts.ts';

// Form tools are the browser's own: the polyfill leaves them out.
describe('tools that are forms', () => {
  const places: Element[] = [];

  afterEach(async () => {
    for (const place of places.splice(0)) place.remove();
    await vi.waitFor(async () => expect(await modelContext().getTools()).toEqual([]));
  });

  /** A form with one field, as the page writes it. Appears in the list a moment later. */
  async function aForm(
    name: string,
    options: { auto?: boolean; type?: string; field?: string; shadow?: boolean } = {},
  ) {
    const form = document.createElement('form');
    form.setAttribute('toolname', name);
    form.setAttribute('tooldescription', `Sends ${name}.`);
    if (options.auto) form.setAttribute('toolautosubmit', '');
    const input = form.appendChild(document.createElement('input'));
    Object.assign(input, { name: options.field ?? 'text', type: options.type ?? 'text' });
    form.append(document.createElement('button'));
    const place = document.body.appendChild(document.createElement('div'));
    places.push(place);
    (options.shadow ? place.attachShadow({ mode: 'closed' }) : place).append(form);
    await vi.waitFor(async () => {
      const names = (await modelContext().getTools()).map((tool) => tool.name);
      expect(names).toContain(name);
    });
    return { form, input };
  }

  function answer(form: HTMLFormElement, respond: (value: string) => unknown): void {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const value = String(new FormData(form).get('text'));
      (event as unknown as { respondWith(answer: unknown): void }).respondWith(
        Promise.resolve(respond(value)),
      );
    });
  }

  async function run(tools: PageTools, name: string, input: object, signal = new AbortController().signal) {
    return tools.run({ toolCallId: crypto.randomUUID(), name, input }, await tools.snapshot(), signal);
  }

  const words = (outcome: PageCallOutcome) => outcome.output.content.map(({ text }) => text).join();

  test.each([
    ['in the document', { type: 'password', field: 'pw' }],
    ['in a closed shadow root', { type: 'password', field: 'password', shadow: true }],
  ])('are refused when they ask for a password, %s', async (_, options) => {
    await aForm('login', options);
    const { tools, refused } = await createPageTools().snapshot();
    expect(tools.size).toBe(0);
    expect(refused.map(({ name, reason }) => `${name}: ${reason}`)).toEqual(['login: sensitive_form']);
  });

  test('run and give what the page responds with', async () => {
    const { form } = await aForm('send', { auto: true });
    answer(form, (value) => `sent ${value}`);
    const outcome = await run(createPageTools(), 'send', { text: 'one' });
    expect([outcome.status, words(outcome)]).toEqual(['done', 'sent one']);
  });

  test('keep the browser\u2019s own words of what went wrong', async () => {
    const { form } = await aForm('send', { auto: true });
    form.addEventListener('submit', (event) => event.preventDefault());
    const outcome = await run(createPageTools(), 'send', { text: 'one' });
    expect([outcome.status, words(outcome)]).toEqual(['failed', expect.stringContaining('respondWith()')]);
  });

  test.each([
    ['in the document', {}],
    ['in a closed shadow root', { shadow: true }],
  ])('take one call at a time, %s', async (_, options) => {
    const { form } = await aForm('send', { auto: true, ...options });
    let live = 0;
    let most = 0;
    answer(form, async (value) => {
      live += 1;
      most = Math.max(most, live);
      await new Promise((resolve) => setTimeout(resolve, 30));
      live -= 1;
      return value;
    });
    const tools = createPageTools();
    const outcomes = await Promise.all(['1', '2', '3'].map((text) => run(tools, 'send', { text })));
    expect(outcomes.map(words)).toEqual(['1', '2', '3']);
    expect(most).toBe(1);
  });

  test('that wait for the visitor time out and make way for the next call', async () => {
    await aForm('manual');
    const tools = createPageTools({ timeoutMs: 200 });
    const outcomes = await Promise.all([
      run(tools, 'manual', { text: '1' }),
      run(tools, 'manual', { text: '2' }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['timed_out', 'timed_out']);
  });

  test('do not keep a stopped call waiting for its turn', async () => {
    await aForm('manual');
    const tools = createPageTools({ timeoutMs: 5_000 });
    const [first, second] = [new AbortController(), new AbortController()];
    const running = run(tools, 'manual', { text: '1' }, first.signal);
    const waiting = run(tools, 'manual', { text: '2' }, second.signal);
    await vi.waitFor(() => expect(document.querySelector<HTMLInputElement>('[name=text]')?.value).toBe('1'));
    second.abort();
    expect(words(await waiting)).toContain('stopped before it ran');
    first.abort();
    expect((await running).status).toBe('cancelled');
  });

  test('that navigate say so', async () => {
    const { form } = await aForm('go', { auto: true });
    const frame = document.createElement('iframe');
    frame.name = 'elsewhere';
    form.before(frame);
    form.target = 'elsewhere';
    form.action = '/favicon.ico';
    const outcome = await run(createPageTools(), 'go', { text: 'x' });
    expect([outcome.status, words(outcome)]).toEqual([
      'navigated',
      expect.stringContaining('The page navigated'),
    ]);
  });
});

describe('frames', () => {
  test('that forbid tools have none, and nothing is said', async () => {
    const frame = document.createElement('iframe');
    frame.allow = "tools 'none'";
    document.body.append(frame);
    const forbidden = modelContext(frame.contentDocument);
    await expect(forbidden.getTools()).rejects.toThrow(expect.objectContaining({ name: 'NotAllowedError' }));
    put(document, 'modelContext', forbidden);
    const tools = createPageTools();
    expect([tools.implementation(), (await tools.snapshot()).clientTools]).toEqual(['native', []]);
    Reflect.deleteProperty(document, 'modelContext');
    frame.remove();
  });

  test('do not offer their tools, and hide none of the page itself', async () => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    const theirs = modelContext(frame.contentDocument);
    const registration = new AbortController();
    const { signal } = registration;
    await theirs.registerTool({ name: 'a', description: 'Theirs.', execute: () => 'theirs' });
    await theirs.registerTool({ name: 'b', description: 'Theirs.', execute: () => 'theirs' });
    await modelContext().registerTool({ name: 'a', description: 'Ours.', execute: () => 'ours' }, { signal });
    const tools = createPageTools();
    const offered = await tools.snapshot();
    expect(offered.refused.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      'a: duplicate_name',
      'b: other_frame',
    ]);
    const outcome = await tools.run(
      { toolCallId: crypto.randomUUID(), name: 'a', input: {} },
      offered,
      signal,
    );
    expect(outcome.output.content[0]?.text).toBe('ours');
    registration.abort();
    frame.remove();
  });
});
