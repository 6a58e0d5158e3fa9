import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bundleServer } from '../faults/bundle.ts';
import { ENSURE_DRILLS } from '../faults/ensure-drills.ts';
import { seeded } from '../faults/random.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const folder = temporaryDirectory();
let file: string;

beforeAll(async () => {
  file = await bundleServer(join(folder, 'server'));
}, 60_000);

/** Resolves to what a drill found wrong. */
async function violationsOf(name: string, engine: 'sqlite' | 'postgres'): Promise<readonly string[]> {
  const violations: string[] = [];
  const drill = ENSURE_DRILLS.find((one) => one.name === name);
  const report = (violation: string) => void violations.push(violation);
  const setting = { engine, file, folder: temporaryDirectory(), random: seeded(1), report };
  expect(await drill?.run(setting)).toBeGreaterThan(0);
  return violations;
}

for (const engine of ['sqlite', 'postgres'] as const) {
  test(`a process that dies while it ensures leaves all of a tool or nothing, on ${engine} [R3-06]`, async () => {
    expect(await violationsOf('ensure-killed', engine)).toEqual([]);
  }, 120_000);

  test(`two processes that ensure one name at once make one tool and lose no edit, on ${engine} [R3-06, R3-15]`, async () => {
    expect(await violationsOf('ensure-race', engine)).toEqual([]);
  }, 120_000);
}
