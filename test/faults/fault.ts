import type { StreamEvent } from '../../protocol/event.ts';
import type { Cell } from './cell.ts';
import type { Random } from './random.ts';
import type { ScenarioName } from './script.ts';
import type { ServerProcess } from './server-process.ts';
import type { Injury, Side } from './steps.ts';
import type { Visitor } from './visitor.ts';

export type Engine = 'sqlite' | 'postgres';

/** A named place of a turn, and the scenarios that come by it. */
export interface Place {
  readonly step: string;
  readonly side: Side;
  readonly ordinal: number;
  readonly scenario: ScenarioName;
}

/** One run of a series, as its seed decides it. */
export interface Plan {
  readonly run: number;
  readonly fault: Fault;
  readonly place: Place;
  readonly random: Random;
}

/** What a fault meets when its step is reached. */
export interface Scene {
  readonly cell: Cell;
  readonly plan: Plan;
  /** The process that was at the step, and the other one. */
  readonly victim: ServerProcess;
  readonly other: ServerProcess;
  readonly visitor: Visitor;
  readonly report: (violation: string) => void;
}

/** Something that goes wrong, and what may become of the turn that it happens to. */
export interface Fault {
  readonly name: string;
  readonly engines: readonly Engine[];
  /** How often it is chosen, against 1 for most. */
  readonly share: number;
  /** Which places it can happen at. Default: all. */
  readonly at?: (place: Place) => boolean;
  /** What the process does to itself there. */
  readonly injury: Injury;
  /** Before the turn starts. */
  readonly before?: (scene: Scene) => Promise<void>;
  /** The damage that the harness does when the step is reached. A `hold` ends with the order `go`. */
  readonly strike?: (scene: Scene) => Promise<void>;
  /** After the turn has ended: undoes what would spoil the next run. */
  readonly after?: (scene: Scene) => Promise<void>;
  /** What the visitor's side does to the connection instead. Counts as the fault. */
  readonly onEvent?: (plan: Plan, event: StreamEvent) => 'cut' | 'stall' | undefined;
  /** Ends other than a complete answer that are no violation: the store was away, or somebody asked for it. */
  readonly mayEnd?: readonly ('failed' | 'stopped')[];
}
