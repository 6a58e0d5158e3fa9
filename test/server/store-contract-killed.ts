import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../server/store/open-store.ts';
import { aCommit, deltas } from '../support/store.ts';

/** What every engine must keep when a process that writes is killed. `newDatabase` gives the address of an empty one. */
export function killedContract(name: string, newDatabase: () => Promise<string>): void {
  describe(`${name}, when a process is killed`, () => {
    test('nothing is lost that was acknowledged', async () => {
      for (const acknowledgements of [1, 7, 40]) {
        const address = await newDatabase();
        const [version, seq] = await killedAfter(address, acknowledgements);
        const store = await openStore(address);
        const execution = await store.execution('exec_1');
        const log = await store.eventsAfter('exec_1', 0, 100_000);
        expect(execution?.version).toBeGreaterThanOrEqual(version);
        expect(log.length).toBeGreaterThanOrEqual(seq);
        expect(log).toEqual(deltas('exec_1', 1, log.length));
        expect(execution?.seq).toBe(log.length);
        expect(await store.messages('conv_1')).toHaveLength((execution?.version ?? 0) - 1);
        const next = { ...(execution ?? expect.unreachable()), version: (execution?.version ?? 0) + 1 };
        expect(await store.commit(aCommit(next))).toBe(true);
        await store.close();
      }
    }, 60_000);
  });
}

/** Kills the appender with SIGKILL after so many lines. Resolves to the last version and end of the log that it acknowledged. */
async function killedAfter(address: string, acknowledgements: number): Promise<readonly [number, number]> {
  const script = join(import.meta.dirname, 'store-appender.ts');
  const child = spawn(process.execPath, ['--import', 'jiti/register', script, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let lines = 0;
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    lines += 1;
    if (lines === acknowledgements) child.kill('SIGKILL');
  }
  await ended;
  expect(lines).toBeGreaterThanOrEqual(acknowledgements);
  const [version, seq] = last.split(' ').map(Number);
  return [version ?? 0, seq ?? 0];
}
