import type { Result } from './run-fault.ts';
import { nameOf } from './series.ts';

interface Row {
  readonly fault: string;
  readonly step: string;
  runs: number;
  violations: number;
  readonly ends: Map<string, number>;
}

/** Collects results, and says in a table what came of them. */
export class Report {
  injected = 0;
  violations = 0;
  private readonly rows = new Map<string, Row>();

  add({ plan, injected, how, violations }: Result): void {
    if (!injected && violations.length === 0) return;
    if (injected) this.injected += 1;
    this.violations += violations.length;
    const step = nameOf(plan.place);
    const key = `${plan.fault.name} ${step}`;
    const row = this.rows.get(key) ?? {
      fault: plan.fault.name,
      step,
      runs: 0,
      violations: 0,
      ends: new Map(),
    };
    this.rows.set(key, row);
    row.runs += 1;
    row.violations += violations.length;
    row.ends.set(how, (row.ends.get(how) ?? 0) + 1);
  }

  /** How often each fault was injected. */
  times(): ReadonlyMap<string, number> {
    const times = new Map<string, number>();
    for (const { fault, runs } of this.rows.values()) times.set(fault, (times.get(fault) ?? 0) + runs);
    return times;
  }

  /** fault × step × runs × violations, and a line for each fault. */
  table(): string {
    const rows = [...this.rows.values()].sort(
      (a, b) => a.fault.localeCompare(b.fault) || a.step.localeCompare(b.step),
    );
    const faults = [...new Set(rows.map(({ fault }) => fault))];
    return aligned([
      ['fault', 'step', 'runs', 'complete', 'failed', 'stopped', 'violations'],
      ...faults.flatMap((fault) => {
        const mine = rows.filter((row) => row.fault === fault);
        return [...mine.map((row) => cellsOf(row.fault, row.step, [row])), cellsOf(fault, '(all)', mine)];
      }),
      cellsOf('(all)', '', rows),
    ]);
  }
}

function cellsOf(fault: string, step: string, rows: readonly Row[]): readonly string[] {
  const sum = (count: (row: Row) => number) => String(rows.reduce((total, row) => total + count(row), 0));
  return [
    fault,
    step,
    sum(({ runs }) => runs),
    sum(({ ends }) => ends.get('complete') ?? 0),
    sum(({ ends }) => ends.get('failed') ?? 0),
    sum(({ ends }) => ends.get('stopped') ?? 0),
    sum(({ violations }) => violations),
  ];
}

/** Columns of text; numbers stand at the right. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
