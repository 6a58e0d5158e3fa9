import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEMO_TOKEN } from '../../server/config/demo.ts';
import { createLog, createPagehand, type Pagehand } from '../../server/index.ts';

const ORIGIN = 'http://localhost:8787';
const folder = mkdtempSync(join(tmpdir(), 'pagehand-library-'));
let pagehand: Pagehand;

beforeAll(async () => {
  pagehand = await createPagehand({ cwd: folder, log: createLog({ level: 'silent' }) });
});

afterAll(async () => {
  await pagehand.stop(0);
  rmSync(folder, { recursive: true });
});

async function post(path: string, body: unknown): Promise<Response> {
  return pagehand.fetch(
    new Request(`${ORIGIN}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: ORIGIN },
      body: JSON.stringify(body),
    }),
  );
}

test('a host server mounts the fetch handler, without a socket and without an environment', async () => {
  const { sessionId } = (await (await post('/v1/client/init', { token: DEMO_TOKEN })).json()) as {
    sessionId: string;
  };
  const answer = await post('/v1/client/chat', {
    sessionId,
    messages: [{ role: 'user', content: 'what are you?' }],
  });
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  expect(await answer.text()).toContain('event: execution_complete');
});

test('after stop it refuses new work, with the time to come back', async () => {
  const other = await createPagehand({
    cwd: folder,
    env: { PAGEHAND_DB: ':memory:' },
    log: createLog({ level: 'silent' }),
  });
  await other.stop(0);
  const answer = await other.fetch(
    new Request(`${ORIGIN}/v1/client/init`, { method: 'POST', headers: { origin: ORIGIN } }),
  );
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).not.toBeNull();
});

test.each([
  ['no configuration', undefined, 200],
  ['a configuration of its own', 'ct_test_own', 404],
  ['a configuration with the token of the workbench', DEMO_TOKEN, 200],
])('with %s the workbench answers as it can work', async (name, token, status) => {
  const cwd = join(folder, name.replaceAll(' ', '-'));
  const assets = { widget: join(cwd, 'widget'), pages: join(cwd, 'pages') };
  for (const place of Object.values(assets)) mkdirSync(place, { recursive: true });
  writeFileSync(join(assets.widget, 'pagehand.js'), 'loader()');
  writeFileSync(join(assets.pages, 'index.html'), '<!doctype html><title>Workbench</title>');
  if (token !== undefined) {
    const surfaces = [{ id: 'own', clientTokens: [{ token, allowedOrigins: [ORIGIN] }] }];
    writeFileSync(join(cwd, 'pagehand.config.json'), JSON.stringify({ surfaces }));
  }
  const log = createLog({ level: 'silent' });
  const own = await createPagehand({ cwd, assets, log, env: { PAGEHAND_DB: ':memory:' } });
  expect((await own.fetch(new Request(`${ORIGIN}/`))).status).toBe(status);
  expect((await own.fetch(new Request(`${ORIGIN}/pagehand.js`))).status).toBe(200);
  await own.stop(0);
});
