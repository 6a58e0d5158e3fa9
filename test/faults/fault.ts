import type { StreamEvent } from '../../protocol/event.ts';
import type { Cell } from './cell.ts';
import type { Random } from './random.ts';
import type { ScenarioName } from './script.ts';
import type { ServerProcess } from './server-process.ts';
import type { Injury, Side } from './steps.ts';
import type { Ending, Visitor, VisitorOptions } from './visitor.ts';

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

export interface Hooks {
  beforeResume?: VisitorOptions['beforeResume'] | undefined;
}

/** What a fault meets when its step is reached. */
export interface Scene {
  readonly cell: Cell;
  readonly plan: Plan;
  /** The process that was at the step, and the other one. */
  readonly victim: ServerProcess;
  readonly other: ServerProcess;
  readonly visitor: Visitor;
  /** What the visitor does beside its work, for a fault to fill in. */
  readonly hooks: Hooks;
  readonly report: (violation: string) => void;
}

/** Something that goes wrong, and what may become of the turn that it happens to. */
export type Fault = StepFault | RequestFault;

interface FaultFacts {
  readonly name: string;
  readonly engines: readonly Engine[];
  /** How often it is chosen, against 1 for most. */
  readonly share: number;
  /** Ends other than a complete answer that are no violation: the store was away, or somebody asked for it. */
  readonly mayEnd?: readonly ('failed' | 'stopped')[];
}

/** Happens at a named step of a turn. */
export interface StepFault extends FaultFacts {
  readonly kind: 'step';
  /** Which places it can happen at. Default: all. */
  readonly at?: (place: Place) => boolean;
  /** What the process does to itself there. */
  readonly injury: Injury;
  /** The damage that the harness does when the step is reached. A `hold` ends with the order `go`. */
  readonly strike?: (scene: Scene) => Promise<void>;
  /** After the turn has ended: undoes what would spoil the next run. */
  readonly after?: (scene: Scene) => Promise<void>;
  /** What the visitor's side does to the connection instead. Counts as the fault. */
  readonly onEvent?: (plan: Plan, event: StreamEvent) => 'cut' | 'stall' | undefined;
}

/** Requests that come wrong, twice or at the same time. */
export interface RequestFault extends FaultFacts {
  readonly kind: 'request';
  readonly scenarios: readonly ScenarioName[];
  /** Says `text`, does its mischief meanwhile, and stays until the turn has ended. */
  readonly play: (scene: Scene, text: string) => Promise<Ending>;
}
