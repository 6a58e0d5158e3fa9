import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorBody } from '../../protocol/error.ts';
import type { EnsureResponse, PullResponse, SavedTool, SavedToolResponse } from '../../protocol/saved.ts';
import { API_KEY, aServer, CONFIG, type TestServer } from '../support/server.ts';

const ELSEWHERE = 'sk_test_elsewhere';
const READER = 'sk_test_onlyreads';

const config = {
  ...CONFIG,
  apiKeys: [
    { key: API_KEY, scopes: ['TOOLS:*'] },
    { key: ELSEWHERE, scopes: ['TOOLS:*'], workspace: 'elsewhere' },
    { key: READER, scopes: ['TOOLS:READ'] },
  ],
};

/** The example of the public documentation, and the hash that stands there for it. */
const WEATHER = {
  description: 'Fetch the current weather for a city',
  toolType: 'external',
  parametersSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  config: { url: 'https://api.example.com/weather?q={{city}}', method: 'GET' },
};
const WEATHER_HASH = '7fbdd36f8fc8fee7f66ce4e8a3848779fd87357081acb2457485a721ea960a4f';
const TRAILING_SPACE_HASH = '10ee11bf33000e6f52c40e3c6875ad3f6c0dbe25a5f2745d90352220acc6d32f';
const WITH_HEADER_HASH = '35652fc5596717fa40db6c85c1374cfc55a253175d10467a37181d9a9413df56';

const EDITED = { ...WEATHER, description: 'Fetch the weather for a town' };
const EDITED_HASH = hashOf(EDITED);
const OTHER_HASH = 'f'.repeat(64);

let server: TestServer;
beforeAll(async () => {
  server = await aServer({ config });
});
afterAll(() => server.close());

async function ask(method: string, path: string, body?: unknown, key = API_KEY) {
  const response = await server.request(path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

const ensure = async (body: object, key?: string) =>
  (await ask('POST', '/v1/tools/ensure', body, key)) as { status: number; body: EnsureResponse & ErrorBody };

const pull = async (name: string, key?: string) =>
  (await ask('GET', `/v1/tools/pull?name=${encodeURIComponent(name)}`, undefined, key)) as {
    status: number;
    body: PullResponse & ErrorBody;
  };

/** What the list says of a tool. */
async function kept(name: string): Promise<SavedTool | undefined> {
  const { body } = await ask('GET', `/v1/tools?name=${encodeURIComponent(name)}`);
  return (body as { data: SavedTool[] }).data.find((tool) => tool.name === name);
}

let names = 0;
const aName = () => {
  names += 1;
  return `Weather ${names}`;
};

/** How a tool came to be what it is before a request. */
const STATES = {
  'no tool': async () => undefined,
  'the same, ensured': async (name: string) => {
    await ensure({ name, definition: WEATHER });
  },
  'the same, made by the API': async (name: string) => {
    await ask('POST', '/v1/tools', { name, ...WEATHER });
  },
  'another, ensured': async (name: string) => {
    await ensure({ name, definition: EDITED });
  },
  'ensured, then edited by the API': async (name: string) => {
    await ensure({ name, definition: WEATHER });
    const { id } = (await kept(name)) as SavedTool;
    await ask('PUT', `/v1/tools/${id}`, { description: EDITED.description });
  },
  'another, made by the API': async (name: string) => {
    await ask('POST', '/v1/tools', { name, ...EDITED });
  },
} as const;
type State = keyof typeof STATES;

const remoteHashOf = (state: State) =>
  state === 'no tool' ? null : state.startsWith('the same') ? WEATHER_HASH : EDITED_HASH;
const isExternal = (state: State) => state.endsWith('by the API');

async function inState(state: State): Promise<string> {
  const name = aName();
  await STATES[state](name);
  return name;
}

describe('a probe', () => {
  test.each([
    ['no tool', WEATHER_HASH, 'definitionRequired', null],
    ['the same, ensured', WEATHER_HASH, 'unchanged', WEATHER_HASH],
    ['the same, made by the API', WEATHER_HASH, 'unchanged', WEATHER_HASH],
    ['another, ensured', WEATHER_HASH, 'definitionRequired', EDITED_HASH],
    ['ensured, then edited by the API', WEATHER_HASH, 'definitionRequired', EDITED_HASH],
    ['another, made by the API', EDITED_HASH, 'unchanged', EDITED_HASH],
  ] as const)(
    'of %s is answered with 200 and writes nothing [R3-07, R3-21]',
    async (state, contentHash, result, live) => {
      const name = await inState(state);
      const before = await kept(name);
      const answer = await ensure({ name, contentHash });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(
        result === 'unchanged'
          ? { result, toolId: before?.id, contentHash: live }
          : { result, contentHash: live },
      );
      expect(await kept(name)).toEqual(before);
    },
  );

  test('that is a dry run is answered with an empty plan where it hits [R3-11]', async () => {
    const name = await inState('the same, ensured');
    expect((await ensure({ name, contentHash: WEATHER_HASH, dryRun: true })).body).toEqual({
      result: 'plan',
      changes: 'none',
      changedKeys: [],
      contentHash: WEATHER_HASH,
      remoteHash: WEATHER_HASH,
    });
    expect((await ensure({ name, contentHash: OTHER_HASH, dryRun: true })).body.result).toBe(
      'definitionRequired',
    );
  });

  test('without a hash is no probe', async () => {
    const { status, body } = await ensure({ name: aName() });
    expect([status, body.code]).toEqual([400, 'invalid_request']);
  });
});

/** One request of the table: each part as it may be. */
const HASHES = { absent: undefined, right: WEATHER_HASH, wrong: OTHER_HASH } as const;
const EXPECTED = ['absent', 'the live one', 'another one'] as const;
const REQUESTS = Object.keys(STATES).flatMap((state) =>
  Object.keys(HASHES).flatMap((hash) =>
    EXPECTED.flatMap((expected) =>
      [false, true].flatMap((overwrite) =>
        [false, true].map((dryRun) => ({
          state: state as State,
          hash: hash as keyof typeof HASHES,
          expected,
          overwrite,
          dryRun,
        })),
      ),
    ),
  ),
);
type Request = (typeof REQUESTS)[number];

/** The decision table, top down: the first row whose condition holds is the answer. */
const TABLE: readonly { when: (request: Request) => boolean; is: string }[] = [
  { when: ({ hash }) => hash === 'wrong', is: '422 content_hash_mismatch' },
  { when: ({ state, dryRun }) => dryRun && state === 'no tool', is: '200 plan create' },
  { when: ({ state, dryRun }) => dryRun && state.startsWith('the same'), is: '200 plan none' },
  { when: ({ dryRun }) => dryRun, is: '200 plan update' },
  { when: ({ state }) => state.startsWith('the same'), is: '200 unchanged' },
  { when: ({ expected }) => expected === 'another one', is: '409 remote_changed' },
  { when: ({ state }) => state === 'no tool', is: '200 created' },
  { when: ({ state, overwrite }) => isExternal(state) && !overwrite, is: '409 external_modification' },
  { when: () => true, is: '200 updated' },
];

describe('a definition', () => {
  test.each(Object.keys(STATES) as State[])(
    'where there is %s meets every row of the table, and writes only what it says [R3-06, R3-11, R3-14, R3-15, R3-17, R3-22, R3-23]',
    async (state) => {
      for (const request of REQUESTS.filter((one) => one.state === state)) {
        const name = await inState(state);
        const before = await kept(name);
        const remote = remoteHashOf(state);
        const expectedRemoteHash = { absent: undefined, 'the live one': remote, 'another one': OTHER_HASH };
        const { status, body } = await ensure({
          name,
          definition: WEATHER,
          contentHash: HASHES[request.hash],
          expectedRemoteHash: expectedRemoteHash[request.expected],
          ...(request.overwrite ? { onConflict: 'overwrite' } : {}),
          ...(request.dryRun ? { dryRun: true } : {}),
        });
        const got = `${status} ${body.result ?? (body as ErrorBody).code}${body.result === 'plan' ? ` ${body.changes}` : ''}`;
        expect(got, JSON.stringify(request)).toBe(TABLE.find(({ when }) => when(request))?.is);
        if (body.result === 'plan') {
          const inEarnest = TABLE.find(({ when }) => when({ ...request, dryRun: false }))?.is ?? '';
          const [, code] = /^409 (.*)$/.exec(inEarnest) ?? [];
          expect(body.conflict?.code, JSON.stringify(request)).toBe(code);
        }
        const hashes = body.details ?? [`contentHash: ${body.contentHash}`];
        expect(hashes, JSON.stringify(request)).toContain(`contentHash: ${WEATHER_HASH}`);
        const after = await kept(name);
        if (!/created|updated/.test(got)) expect(after, JSON.stringify(request)).toEqual(before);
        else expect([after?.contentHash, after?.lastModifiedSource]).toEqual([WEATHER_HASH, 'ensure']);
      }
    },
    60_000,
  );
});

describe('the content hash', () => {
  test('is the published one, whatever the order of keys and the spelling of numbers [R3-08, R3-09]', async () => {
    const name = aName();
    const { body } = await ensure({ name, definition: { name, ...WEATHER } });
    expect(body.contentHash).toBe(WEATHER_HASH);
    const turned = Object.fromEntries(Object.entries(WEATHER).reverse());
    const again = await ensure({ name, definition: turned });
    expect(again.body).toMatchObject({ result: 'unchanged', contentHash: WEATHER_HASH });
    const renamed = await ensure({ name: aName(), definition: WEATHER });
    expect(renamed.body.contentHash).toBe(WEATHER_HASH);
  });

  test('sees a trailing space, and every value of every field [R3-08]', async () => {
    const name = aName();
    const description = `${WEATHER.description} `;
    expect((await ensure({ name, definition: { ...WEATHER, description } })).body.contentHash).toBe(
      TRAILING_SPACE_HASH,
    );
  });

  test('knows headers by their names in lower case, which is how they are kept, and says so [R3-09]', async () => {
    const name = aName();
    const value = 'Bearer {{secret:WEATHER_KEY}}';
    const definition = { ...WEATHER, config: { ...WEATHER.config, headers: { Authorization: value } } };
    const { body } = await ensure({ name, definition });
    expect(body).toMatchObject({ result: 'created', contentHash: WITH_HEADER_HASH });
    expect(warningsOf(body)).toContain('header_lower_cased');
    expect((await pull(name)).body.definition.config).toEqual({
      ...WEATHER.config,
      headers: { authorization: value },
    });
    const lower = { ...WEATHER, config: { ...WEATHER.config, headers: { authorization: value } } };
    expect((await ensure({ name, definition: lower })).body.result).toBe('unchanged');
  });

  test('is not of what nobody wrote: no default is ever filled in [R3-08]', async () => {
    const name = aName();
    const definition = { toolType: 'external', config: { url: 'https://api.example.com/now' } };
    const created = await ensure({ name, definition });
    expect((await kept(name))?.config).toEqual(definition.config);
    for (const same of [
      definition,
      { ...definition, description: '' },
      { ...definition, parametersSchema: { type: 'object', properties: {} } },
      (await pull(name)).body.definition,
    ]) {
      expect((await ensure({ name, definition: same })).body).toMatchObject({
        result: 'unchanged',
        contentHash: created.body.contentHash,
      });
    }
  });

  test('that disagrees is refused before anything is looked at, with the right one [R3-23]', async () => {
    const name = await inState('the same, ensured');
    const { status, body } = await ensure({ name, definition: WEATHER, contentHash: EDITED_HASH });
    expect([status, body.code]).toEqual([422, 'content_hash_mismatch']);
    expect(body.details).toEqual([`contentHash: ${WEATHER_HASH}`, `remoteHash: ${WEATHER_HASH}`]);
    for (const contentHash of ['', 'abc', WEATHER_HASH.toUpperCase(), `${WEATHER_HASH}0`]) {
      expect((await ensure({ name, definition: WEATHER, contentHash })).status).toBe(400);
    }
  });
});

describe('a plan', () => {
  const changes = async (before: object | undefined, after: object) => {
    const name = aName();
    if (before !== undefined) await ensure({ name, definition: before });
    const { body } = await ensure({ name, definition: after, dryRun: true });
    return body.result === 'plan' ? [body.changes, ...body.changedKeys] : body;
  };
  const withConfig = (config: object) => ({ ...WEATHER, config });

  test.each([
    ['nothing', WEATHER, WEATHER, ['none']],
    ['the description', WEATHER, EDITED, ['update', 'description']],
    [
      'the schema',
      WEATHER,
      { ...WEATHER, parametersSchema: { type: 'object', properties: {} } },
      ['update', 'parametersSchema'],
    ],
    [
      'a value of the config',
      WEATHER,
      withConfig({ ...WEATHER.config, method: 'POST' }),
      ['update', 'config.method'],
    ],
    [
      'a key that comes, and one that goes',
      WEATHER,
      withConfig({ url: WEATHER.config.url, timeout: 5000 }),
      ['update', 'config.timeout', 'config.method'],
    ],
    [
      'headers, as one key',
      withConfig({ ...WEATHER.config, headers: { a: '1', b: '2' } }),
      withConfig({ ...WEATHER.config, headers: { A: '1', b: '3', c: '4' } }),
      ['update', 'config.headers'],
    ],
    [
      'everything',
      WEATHER,
      { toolType: 'custom', config: { code: 'return 1;' } },
      ['update', 'toolType', 'description', 'parametersSchema', 'config.code', 'config.method', 'config.url'],
    ],
    [
      'a tool that is not there',
      undefined,
      WEATHER,
      ['create', 'toolType', 'description', 'parametersSchema', 'config.method', 'config.url'],
    ],
  ])('names what changes: %s [R3-12]', async (_, before, after, expected) => {
    expect(await changes(before, after)).toEqual(expected);
  });

  test('says both hashes, and what would stop the ensure [R3-11]', async () => {
    const name = await inState('ensured, then edited by the API');
    const { status, body } = await ensure({ name, definition: WEATHER, dryRun: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      result: 'plan',
      changes: 'update',
      contentHash: WEATHER_HASH,
      remoteHash: EDITED_HASH,
      conflict: { code: 'external_modification' },
    });
    const overwriting = { name, definition: WEATHER, dryRun: true, onConflict: 'overwrite' };
    expect((await ensure(overwriting)).body).not.toHaveProperty('conflict');
    const elsewhere = { ...overwriting, expectedRemoteHash: OTHER_HASH };
    expect((await ensure(elsewhere)).body).toMatchObject({ conflict: { code: 'remote_changed' } });
  });

  test('binds what follows it: another write in between stops that [R3-14]', async () => {
    const name = await inState('another, ensured');
    const { body: plan } = await ensure({ name, definition: WEATHER, dryRun: true });
    if (plan.result !== 'plan') throw new Error('No plan.');
    await ensure({ name, definition: { ...WEATHER, description: 'Somebody was faster' } });
    const bound = { name, definition: WEATHER, expectedRemoteHash: plan.remoteHash };
    expect((await ensure(bound)).body.code).toBe('remote_changed');
    const forced = await ensure({ ...bound, onConflict: 'overwrite' });
    expect(forced.body.code).toBe('remote_changed');
    const planned = await ensure({ name, definition: WEATHER, dryRun: true });
    if (planned.body.result !== 'plan') throw new Error('No plan.');
    const { remoteHash } = planned.body;
    expect((await ensure({ ...bound, expectedRemoteHash: remoteHash })).body.result).toBe('updated');
  });

  test('of a tool that is not there binds to that: whoever makes it meanwhile stops it [R3-14]', async () => {
    const name = aName();
    const { body: plan } = await ensure({ name, definition: WEATHER, dryRun: true });
    expect(plan).toMatchObject({ changes: 'create', remoteHash: null });
    await ensure({ name, definition: EDITED });
    const answer = await ensure({ name, definition: WEATHER, expectedRemoteHash: null });
    expect([answer.status, answer.body.code]).toEqual([409, 'remote_changed']);
  });
});

describe('an edit by the API', () => {
  test('of a tool that is kept as code is told before it is too late, and remembered [R3-15, R3-16]', async () => {
    const name = await inState('the same, ensured');
    const { id, managedBy } = (await kept(name)) as SavedTool;
    expect(managedBy).toBe('ensure');
    const { body } = await ask('PUT', `/v1/tools/${id}`, { description: 'By hand' });
    const edited = body as SavedToolResponse;
    expect(edited).toMatchObject({ managedBy: 'ensure', lastModifiedSource: 'api', description: 'By hand' });
    expect(edited.validation.warnings.map(({ code }) => code)).toContain('managed_in_code');
    const { status, body: refused } = await ensure({ name, definition: EDITED });
    expect(status).toBe(409);
    expect(refused).toMatchObject({
      code: 'external_modification',
      details: [
        `contentHash: ${EDITED_HASH}`,
        `remoteHash: ${edited.contentHash}`,
        'lastModifiedSource: api',
        `updatedAt: ${edited.updatedAt}`,
      ],
    });
    expect(refused.hint).toContain('overwrite');
    expect(refused.hint).toContain('/v1/tools/pull?name=');
  });

  test('is taken over by a pull, after which both agree [R3-18]', async () => {
    const name = await inState('ensured, then edited by the API');
    const { body: pulled } = await pull(name);
    expect(pulled).toMatchObject({ contentHash: EDITED_HASH, lastModifiedSource: 'api' });
    expect(pulled.definition).toEqual({ name, ...EDITED });
    const { body } = await ensure({ name, definition: pulled.definition });
    expect(body).toMatchObject({ result: 'unchanged', contentHash: EDITED_HASH });
  });

  test('goes when the repository wins [R3-17]', async () => {
    const name = await inState('ensured, then edited by the API');
    const { body } = await ensure({ name, definition: WEATHER, onConflict: 'overwrite' });
    expect(body.result).toBe('updated');
    const { body: pulled } = await pull(name);
    expect(pulled).toMatchObject({ contentHash: WEATHER_HASH, lastModifiedSource: 'ensure' });
    expect((await ensure({ name, definition: EDITED })).body.result).toBe('updated');
  });

  test('that changes nothing is none [R3-15]', async () => {
    const name = await inState('the same, ensured');
    const before = (await kept(name)) as SavedTool;
    const { description, config, parametersSchema } = before;
    const { status } = await ask('PUT', `/v1/tools/${before.id}`, { description, config, parametersSchema });
    expect([status, await kept(name)]).toEqual([200, before]);
    expect((await ensure({ name, definition: EDITED })).body.result).toBe('updated');
  });

  test('that renames a tool kept as code leaves its name to the next ensure [R3-04]', async () => {
    const name = await inState('the same, ensured');
    const before = (await kept(name)) as SavedTool;
    const { body } = await ask('PUT', `/v1/tools/${before.id}`, { name: `${name} by hand` });
    const [warning] = (body as SavedToolResponse).validation.warnings.filter(
      ({ code }) => code === 'managed_in_code',
    );
    expect(warning?.message).toContain(name);
    const { body: made } = await ensure({ name, definition: WEATHER });
    expect(made.result).toBe('created');
    expect((await kept(`${name} by hand`))?.id).toBe(before.id);
  });
});

describe('the name', () => {
  test('is the identity: another name makes another tool and leaves the first [R3-03, R3-04]', async () => {
    const [first, second] = [aName(), aName()];
    const one = await ensure({ name: first, definition: WEATHER });
    const two = await ensure({ name: second, definition: WEATHER });
    if (!('toolId' in one.body && 'toolId' in two.body)) throw new Error('Not created.');
    expect(two.body.toolId).not.toBe(one.body.toolId);
    expect((await kept(first))?.id).toBe(one.body.toolId);
  });

  test('is that of the workspace of the key [R3-03]', async () => {
    const name = await inState('the same, ensured');
    expect((await pull(name, ELSEWHERE)).status).toBe(404);
    const probe = await ensure({ name, contentHash: WEATHER_HASH }, ELSEWHERE);
    expect(probe.body).toEqual({ result: 'definitionRequired', contentHash: null });
    expect((await ensure({ name, definition: EDITED }, ELSEWHERE)).body.result).toBe('created');
    expect((await kept(name))?.contentHash).toBe(WEATHER_HASH);
  });

  test('stands in the definition once more, or not at all', async () => {
    const name = aName();
    const other = await ensure({ name, definition: { ...WEATHER, name: 'Other' } });
    expect([other.status, other.body.code]).toEqual([400, 'invalid_tool']);
    expect((await ensure({ name, definition: { ...WEATHER, name } })).body.result).toBe('created');
  });

  test.each(['', 'x'.repeat(101), 'tool_1', 'ensure', 'Pull', 'built-in', ' padded', 'line\nbreak'])(
    '%j is none [R3x-1]',
    async (name) => {
      const { status } = await ensure({ name, definition: WEATHER });
      expect(status).toBe(400);
    },
  );
});

describe('tools as code', () => {
  test('have no versions and nothing to publish [R3-10]', async () => {
    const { body } = await ensure({ name: aName(), definition: WEATHER });
    expect(Object.keys(body).sort()).toEqual(['contentHash', 'result', 'toolId', 'validation']);
  });

  test('are read with a key that reads, and written with one that writes', async () => {
    const name = await inState('the same, ensured');
    expect((await pull(name, READER)).status).toBe(200);
    expect((await ensure({ name, definition: EDITED }, READER)).status).toBe(403);
    expect((await ensure({ name, definition: EDITED, dryRun: false }, READER)).status).toBe(403);
  });

  test('are planned and probed with a key that reads, as a pull request does', async () => {
    const name = await inState('the same, ensured');
    const plan = await ensure({ name, definition: EDITED, dryRun: true }, READER);
    expect(plan).toMatchObject({ status: 200, body: { result: 'plan', changes: 'update' } });
    const probe = await ensure({ name, contentHash: WEATHER_HASH }, READER);
    expect(probe).toMatchObject({ status: 200, body: { result: 'unchanged' } });
  });

  test('are pulled by their name with where they come from, and 404 is none [R3-24]', async () => {
    const name = await inState('the same, ensured');
    const { status, body } = await pull(name);
    const tool = (await kept(name)) as SavedTool;
    expect(status).toBe(200);
    expect(body).toEqual({
      toolId: tool.id,
      definition: { name, ...WEATHER },
      contentHash: WEATHER_HASH,
      lastModifiedSource: 'ensure',
      updatedAt: tool.updatedAt,
    });
    expect((await pull('Never heard of')).body.code).toBe('tool_not_found');
    expect((await ask('GET', '/v1/tools/pull')).status).toBe(400);
  });

  test('that cannot work are refused as they are when they are created [R3-19]', async () => {
    const name = aName();
    const wrong = { ...WEATHER, toolType: 'extrnal' };
    const { status, body } = await ensure({ name, definition: wrong });
    expect([status, body.code]).toEqual([400, 'invalid_tool']);
    const { body: created } = await ask('POST', '/v1/tools', { name, ...wrong });
    expect((created as ErrorBody).details).toEqual(body.details);
    expect(await kept(name)).toBeUndefined();
  });
});

function warningsOf(body: object): readonly string[] {
  const { validation } = body as { validation?: { warnings: { code: string }[] } };
  return (validation?.warnings ?? []).map(({ code }) => code);
}

/** SHA-256 of JSON with sorted keys, which is the canonical form where all is text. */
function hashOf(content: object): string {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value) || typeof value !== 'object' || value === null
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, part]) => [key, sorted(part)]),
        );
  return createHash('sha256')
    .update(JSON.stringify(sorted(content)))
    .digest('hex');
}
