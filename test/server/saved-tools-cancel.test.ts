import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createLog } from '../../server/log.ts';
import { startServer } from '../../server/start.ts';
import { openStore } from '../../server/store/open-store.ts';
import { freePort } from '../support/product.ts';
import { API_KEY } from '../support/server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

test('a call whose caller goes away is stopped upstream, and its receipt says so [R2x-13]', async () => {
  let closed = 0;
  const service = createServer((_, response) => {
    response.on('close', () => {
      closed += 1;
    });
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const place = `127.0.0.1:${(service.address() as AddressInfo).port}`;

  const folder = temporaryDirectory();
  const apiKeys = [{ key: API_KEY, scopes: ['*'] }];
  const config = { surfaces: [{ id: 'store' }], apiKeys, egress: { internal: [place] } };
  writeFileSync(join(folder, 'pagehand.config.json'), JSON.stringify(config));
  const server = await startServer({
    env: { PORT: String(await freePort()), PAGEHAND_DB: 'cancel.db' },
    cwd: folder,
    assets: {},
    log: createLog({ level: 'silent' }),
  });

  const caller = new AbortController();
  const arrived = once(service, 'request');
  const call = fetch(`${server.url}/v1/tools/test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      definition: {
        name: 'Slow',
        description: 'x',
        toolType: 'external',
        config: { url: `http://${place}/` },
      },
    }),
    signal: caller.signal,
  });
  await arrived;
  caller.abort();
  await expect(call).rejects.toThrow();
  await vi.waitFor(() => expect(closed).toBe(1), { timeout: 10_000 });

  const store = await openStore(join(folder, 'cancel.db'));
  const receipts = () => store.receipts.receipts({ workspace: 'default', limit: 10 });
  await vi.waitFor(async () => expect(await receipts()).toHaveLength(1), { timeout: 10_000 });
  expect((await receipts())[0]).toMatchObject({ tool: 'Slow', outcome: 'unknown' });
  await store.close();
  await server.stop(0);
  service.closeAllConnections();
  service.close();
}, 60_000);
