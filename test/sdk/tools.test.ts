import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  defineTool,
  type EnsureResult,
  Pagehand,
  type PagehandClient,
  ToolEnsureConflictError,
  type ToolInput,
  ToolPlanNotEmptyError,
} from '../../server/sdk/index.ts';
import { API_KEY, aServer, OTHER_API_KEY, type TestServer } from '../support/server.ts';
import { aClient, carrierTo, failureOf, WHOLE_CONFIG } from './a-client.ts';

const WEATHER = {
  name: 'Weather Lookup',
  description: 'Fetch the current weather for a city',
  toolType: 'external',
  parametersSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  config: { url: 'https://api.example.com/weather?q={{city}}', method: 'GET' },
} as const satisfies ToolInput;
const WEATHER_HASH = '7fbdd36f8fc8fee7f66ce4e8a3848779fd87357081acb2457485a721ea960a4f';
const MILD = { ...WEATHER, description: 'Fetches the weather.' };

let server: TestServer;
let client: PagehandClient;
/** The bodies of what was sent to `ensure`. */
let sent: Record<string, unknown>[];

beforeEach(async () => {
  server = await aServer({ config: WHOLE_CONFIG });
  sent = [];
  const carry = carrierTo(server);
  client = aClient(server, {
    fetch: (url, init) => {
      if (url.endsWith('/ensure')) sent.push(JSON.parse(String(init.body)));
      return carry(url, init);
    },
  });
});
afterEach(() => server.close());

/** Somebody changes the saved tool beside the repository. */
async function editedElsewhere(description = 'Edited by hand.'): Promise<void> {
  const { toolId } = await client.tools.pull(WEATHER.name);
  await aClient(server).tools.update(toolId, { description });
}

describe('ensure', () => {
  test('creates, then leaves alone what is the same, by one probe without the definition [R3-06, R3-07, R3-21]', async () => {
    const created = await client.tools.ensure(WEATHER);
    expect(created).toMatchObject({ result: 'created', contentHash: WEATHER_HASH });
    expect(created.toolId).toMatch(/^tool_/);
    const before = await client.tools.get(created.toolId);
    sent.length = 0;
    const again = await client.tools.ensure(WEATHER);
    expect(again).toMatchObject({ result: 'unchanged', toolId: created.toolId, contentHash: WEATHER_HASH });
    expect(sent).toEqual([{ name: WEATHER.name, contentHash: WEATHER_HASH }]);
    expect(await client.tools.get(created.toolId)).toEqual(before);
  });

  test('updates the live tool, without versions [R3-06, R3-10, R3-22]', async () => {
    const { toolId } = await client.tools.ensure(WEATHER);
    const updated = await client.tools.ensure(MILD);
    expect(updated).toMatchObject({ result: 'updated', toolId });
    expect(updated).not.toHaveProperty('versionId');
    expect((await client.tools.get(toolId)).description).toBe(MILD.description);
  });

  test('of another name makes another tool and leaves the old one [R3-03, R3-04, R3-08]', async () => {
    const first = await client.tools.ensure(WEATHER);
    const second = await client.tools.ensure({ ...WEATHER, name: 'Weather' });
    expect(second).toMatchObject({ result: 'created', contentHash: first.contentHash });
    expect(second.toolId).not.toBe(first.toolId);
    expect((await client.tools.list()).data.map(({ name }) => name)).toEqual(['Weather', 'Weather Lookup']);
  });

  test('in another workspace is another tool: the key decides [R3-03]', async () => {
    const own = await client.tools.ensure(WEATHER);
    const other = await aClient(server, { apiKey: OTHER_API_KEY }).tools.ensure(WEATHER);
    expect(other.result).toBe('created');
    expect(other.toolId).not.toBe(own.toolId);
  });

  test('of two processes at once makes one tool', async () => {
    const others = [1, 2, 3, 4].map(() => aClient(server).tools.ensure(WEATHER));
    const done = await Promise.all(others);
    expect(new Set(done.map(({ toolId }) => toolId)).size).toBe(1);
    expect(done.filter(({ result }) => result === 'created')).toHaveLength(1);
  });

  test('probes with the hash that the server gave, should the two ever disagree [R3-09]', async () => {
    const theirs = 'a'.repeat(64);
    const probes: unknown[] = [];
    const newer = aClient(server, {
      fetch: async (_, init) => {
        const body = JSON.parse(String(init.body));
        probes.push(body.contentHash);
        const answer = body.definition === undefined && body.contentHash !== theirs;
        return Response.json(
          answer
            ? { result: 'definitionRequired', contentHash: theirs }
            : { result: 'unchanged', toolId: 'tool_1', contentHash: theirs },
        );
      },
    });
    await newer.tools.ensure(WEATHER);
    await newer.tools.ensure(WEATHER);
    await newer.tools.ensure(MILD);
    expect(probes).toEqual([WEATHER_HASH, undefined, theirs, expect.not.stringMatching(/^a+$/), undefined]);
  });
});

describe('a dry run', () => {
  test('says what would change, key by key, and writes nothing [R3-11, R3-12]', async () => {
    expect(await client.tools.ensure(WEATHER, { dryRun: true })).toMatchObject({
      result: 'plan',
      changes: 'create',
      contentHash: WEATHER_HASH,
      remoteHash: null,
    });
    expect((await client.tools.list()).data).toEqual([]);
    await client.tools.ensure(WEATHER);
    expect(await client.tools.ensure(WEATHER, { dryRun: true })).toEqual({
      result: 'plan',
      changes: 'none',
      changedKeys: [],
      contentHash: WEATHER_HASH,
      remoteHash: WEATHER_HASH,
    });
    const other = {
      ...MILD,
      config: { url: 'https://api.example.com/v2', headers: { Accept: 'text/plain' } },
    };
    const plan = await client.tools.ensure(other, { dryRun: true });
    expect(plan).toMatchObject({ changes: 'update', remoteHash: WEATHER_HASH });
    expect([...plan.changedKeys].sort()).toEqual([
      'config.headers',
      'config.method',
      'config.url',
      'description',
    ]);
    expect((await client.tools.pull(WEATHER.name)).contentHash).toBe(WEATHER_HASH);
  });

  test('that expects no changes throws where there are some, and carries the plan [R3-13]', async () => {
    const missing = await failureOf(client.tools.ensure(WEATHER, { expectNoChanges: true }));
    expect(missing).toBeInstanceOf(ToolPlanNotEmptyError);
    expect(missing).toMatchObject({ code: 'plan_not_empty', plan: { changes: 'create' } });
    expect((await client.tools.list()).data).toEqual([]);
    await client.tools.ensure(WEATHER);
    expect(await client.tools.ensure(WEATHER, { expectNoChanges: true })).toMatchObject({ changes: 'none' });
    const drift = await failureOf(client.tools.ensure(MILD, { expectNoChanges: true }));
    expect(drift.message).toContain('description');
  });

  test('binds what is applied to what it saw [R3-14, R3-23]', async () => {
    await client.tools.ensure(WEATHER);
    const plan = await client.tools.ensure(MILD, { dryRun: true });
    await client.tools.ensure({ ...WEATHER, description: 'Somebody else\u2019s.' });
    const conflict = await failureOf(client.tools.ensure(MILD, { expectedRemoteHash: plan.remoteHash }));
    expect(conflict).toBeInstanceOf(ToolEnsureConflictError);
    expect(conflict).toMatchObject({ code: 'remote_changed', status: 409 });
    const overwriting = { expectedRemoteHash: plan.remoteHash, onConflict: 'overwrite' } as const;
    expect((await failureOf(client.tools.ensure(MILD, overwriting))).code).toBe('remote_changed');
    const now = await client.tools.ensure(MILD, { dryRun: true });
    expect((await client.tools.ensure(MILD, { expectedRemoteHash: now.remoteHash })).result).toBe('updated');
  });
});

describe('an edit that came from elsewhere', () => {
  test('stops the next ensure [R3-15, R3-23]', async () => {
    await client.tools.ensure(WEATHER);
    await editedElsewhere();
    const conflict = await failureOf(client.tools.ensure(WEATHER));
    expect(conflict).toBeInstanceOf(ToolEnsureConflictError);
    expect(conflict).toMatchObject({ code: 'external_modification', status: 409 });
    expect(await client.tools.ensure(WEATHER, { dryRun: true })).toMatchObject({
      changes: 'update',
      conflict: { code: 'external_modification' },
    });
  });

  test('is written over where the repository shall win [R3-17]', async () => {
    await client.tools.ensure(WEATHER);
    await editedElsewhere();
    expect(await client.tools.ensure(WEATHER, { onConflict: 'overwrite' })).toMatchObject({
      result: 'updated',
      contentHash: WEATHER_HASH,
    });
    expect((await client.tools.ensure(WEATHER)).result).toBe('unchanged');
  });

  test('is pulled where it shall win, and is then no conflict [R3-18, R3-24]', async () => {
    await client.tools.ensure(WEATHER);
    await editedElsewhere('Better words.');
    const { definition, contentHash, lastModifiedSource, updatedAt } = await client.tools.pull(WEATHER.name);
    expect(definition).toEqual({ ...WEATHER, description: 'Better words.' });
    expect(lastModifiedSource).toBe('api');
    expect(Date.parse(updatedAt ?? '')).not.toBeNaN();
    expect(await client.tools.ensure(definition)).toMatchObject({ result: 'unchanged', contentHash });
  });
});

test('a definition that names an agent works where that agent is, and nowhere else [R3-05]', async () => {
  const { id: agentId } = await client.agents.create({ name: 'Researcher' });
  const research = {
    name: 'research',
    description: 'Looks it up.',
    toolType: 'subagent',
    config: { agentId },
  } as const;
  const codesOf = ({ validation }: EnsureResult) => validation?.warnings.map(({ code }) => code);
  expect(codesOf(await client.tools.ensure(research))).not.toContain('agent_not_found');
  const elsewhere = aClient(server, { apiKey: OTHER_API_KEY });
  expect(codesOf(await elsewhere.tools.ensure(research))).toContain('agent_not_found');
});

describe('the saved tools', () => {
  test('are created, listed, changed, called and deleted', async () => {
    const tax = {
      name: 'tax',
      description: 'Adds a tax.',
      toolType: 'custom',
      parametersSchema: { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] },
      config: { code: 'return { total: amount * 1.25 };' },
    } as const;
    const { id } = await client.tools.create(tax);
    expect(await client.tools.list({ toolType: 'custom' })).toMatchObject({ data: [{ id, name: 'tax' }] });
    await client.tools.update(id, { description: 'Adds the tax.' });
    expect(await client.tools.get(id)).toMatchObject({ description: 'Adds the tax.', managedBy: null });
    expect(await client.tools.execute(id, { amount: 'much' })).toMatchObject({ status: 'error' });
    await client.tools.delete(id);
    expect(await failureOf(client.tools.get(id))).toMatchObject({ code: 'tool_not_found', status: 404 });
    expect(await failureOf(client.tools.pull('tax'))).toMatchObject({ status: 404 });
  });

  test('are reached by one client for the whole program [R3-00]', async () => {
    const options = { apiKey: API_KEY, baseUrl: 'http://pagehand.test', fetch: carrierTo(server) };
    Pagehand.configure(options);
    expect(await Pagehand.tools.ensure(defineTool(WEATHER))).toMatchObject({ result: 'created' });
    expect(await Pagehand.tools.ensure(WEATHER, { expectNoChanges: true })).toMatchObject({
      changes: 'none',
    });
  });
});
