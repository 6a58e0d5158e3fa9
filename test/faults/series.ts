import { join } from 'node:path';
import { Cell } from './cell.ts';
import type { Engine, Fault, Place, Plan, RequestFault, StepFault } from './fault.ts';
import { PLACES } from './places.ts';
import { type Random, seeded, seedOf } from './random.ts';
import { type Result, runFault } from './run-fault.ts';

export interface SeriesOptions {
  readonly engine: Engine;
  readonly seed: number;
  /** Faults to inject. Runs whose place was not reached do not count. */
  readonly runs: number;
  /** Only this run of the series, in a cell of its own. */
  readonly only?: number;
  readonly faults: readonly Fault[];
  /** Cells that work at once. */
  readonly cells: number;
  /** A folder of its own. */
  readonly folder: string;
  /** The server under test. */
  readonly file: string;
  readonly onResult: (result: Result) => void;
}

/** Injects fault after fault until there are enough. Resolves to leaks of secrets, which no single run can be blamed for. */
export async function runSeries(options: SeriesOptions): Promise<readonly string[]> {
  const faults = options.faults.filter(({ engines }) => engines.includes(options.engine));
  if (faults.length === 0) return [];
  const state = { next: options.only ?? 0, injected: 0 };
  const wanted = options.only === undefined ? options.runs : 1;
  const leaks = await Promise.all(
    Array.from({ length: Math.min(options.cells, wanted) }, (_, index) =>
      work(index, wanted, state, faults, options),
    ),
  );
  return [...new Set(leaks.flat())];
}

async function work(
  index: number,
  wanted: number,
  state: { next: number; injected: number },
  faults: readonly Fault[],
  { engine, seed, only, folder, file, onResult }: SeriesOptions,
): Promise<readonly string[]> {
  const cell = await Cell.open({ folder: join(folder, `${engine}-${index}`), file, engine });
  try {
    while (state.injected < wanted) {
      const run = state.next++;
      if (only !== undefined && run !== only) break;
      const result = await runFault(cell, planOf(run, seeded(seedOf(seed, run)), faults));
      if (result.injected) state.injected += 1;
      onResult(result);
    }
    return await cell.leaks();
  } finally {
    await cell.close();
  }
}

/** The seed decides all of a run: the fault, the place, and what the visitor does. */
function planOf(run: number, random: Random, faults: readonly Fault[]): Plan {
  const fault = choose(faults, random);
  const place = fault.kind === 'step' ? stepPlace(fault, random) : requestPlace(fault, random);
  return { run, fault, place, random };
}

/** First the step, then the scenario: rare steps are as interesting as common ones. */
function stepPlace(fault: StepFault, random: Random): Place {
  const places = PLACES.filter((place) => fault.at?.(place) !== false);
  const step = random.pick([...new Set(places.map(nameOf))]);
  return random.pick(places.filter((one) => nameOf(one) === step));
}

function requestPlace({ scenarios }: RequestFault, random: Random): Place {
  return { step: 'request', side: 'before', ordinal: 1, scenario: random.pick(scenarios) };
}

export function nameOf({ step, side }: Place): string {
  return `${step}:${side}`;
}

function choose(faults: readonly Fault[], random: Random): Fault {
  let left = random.next() * faults.reduce((sum, { share }) => sum + share, 0);
  for (const fault of faults) {
    left -= fault.share;
    if (left < 0) return fault;
  }
  return random.pick(faults);
}
