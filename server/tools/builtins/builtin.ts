import type { Egress } from '../../egress/egress.ts';
import type { ServerTool } from '../tool.ts';

/** What built-in tools run with. */
export interface BuiltinParts {
  readonly egress: Egress;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** A tool that every server brings along. Its name is its key in the table of all. */
export type Builtin = Omit<ServerTool, 'name'>;
