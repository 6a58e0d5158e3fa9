/**
 * What it costs to run code of others where it reaches nothing: calls of one small tool in the sandbox, beside the same
 * function called by the process itself. Each call gets an engine of its own.
 */
import { cpus } from 'node:os';
import { createSandbox } from '../server/sandbox/create-sandbox.ts';
import { percentile, printTable } from './figures.ts';

const FOR_MS = 5_000;

const CODE = `
  const tax = amount * (rate / 100);
  return { subtotal: amount, tax: tax.toFixed(2), total: (amount + tax).toFixed(2) };
`;

await measureTools();

async function measureTools(): Promise<void> {
  console.log(
    `Node ${process.versions.node}, ${cpus().length} cores: a tool of code that adds a tax, for ${FOR_MS / 1_000} s each; milliseconds per call\n`,
  );
  const nothing = () => undefined;
  const sandbox = createSandbox({ log: { debug: nothing, info: nothing, warn: nothing, error: nothing } });
  const { signal } = new AbortController();
  const inSandbox = (parameters: Parameters) =>
    sandbox.run({ code: CODE, parameters, timeoutMs: 5_000, signal });
  const began = performance.now();
  await inSandbox({ amount: 1, rate: 1 });
  const firstMs = performance.now() - began;
  await measure(inSandbox, 2, 1_000);
  const rows = [
    row('in the sandbox, one after another', await measure(inSandbox, 1, FOR_MS)),
    row('in the sandbox, two at a time', await measure(inSandbox, 2, FOR_MS)),
    row('a bare function', await measure(bare, 1, FOR_MS)),
  ];
  printTable([['', 'calls/s', 'median', '99 %'], ...rows]);
  console.log(`The first call, which starts a worker, took ${firstMs.toFixed(0)} ms.\n`);
  await sandbox.close();
}

type Parameters = { readonly amount: number; readonly rate: number };

/** Through JSON, as every tool's parameters and result go. */
async function bare(parameters: Parameters): Promise<unknown> {
  const { amount, rate }: Parameters = JSON.parse(JSON.stringify(parameters));
  const tax = amount * (rate / 100);
  const result = { subtotal: amount, tax: tax.toFixed(2), total: (amount + tax).toFixed(2) };
  return JSON.parse(JSON.stringify(result));
}

interface Measured {
  readonly perSecond: number;
  readonly ms: readonly number[];
}

async function measure(
  call: (parameters: Parameters) => Promise<unknown>,
  atOnce: number,
  forMs: number,
): Promise<Measured> {
  const ms: number[] = [];
  const began = performance.now();
  const keepCalling = async () => {
    while (performance.now() - began < forMs) {
      const before = performance.now();
      await call({ amount: ms.length, rate: 21 });
      ms.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, keepCalling));
  return { perSecond: (ms.length / (performance.now() - began)) * 1_000, ms };
}

function row(name: string, { perSecond, ms }: Measured): string[] {
  return [name, perSecond.toFixed(0), percentile(ms, 50).toFixed(3), percentile(ms, 99).toFixed(3)];
}
