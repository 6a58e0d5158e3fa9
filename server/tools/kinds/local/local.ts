import type { ToolKind } from '../../kind.ts';
import { ToolError } from '../../tool-error.ts';

/** A tool that whoever dispatches runs: it goes out as a client tool, and no call of it reaches the server's tools. */
export const localKind: ToolKind<'local'> = {
  type: 'local',
  review: async () => [],
  open: () => ({
    idempotent: false,
    timeoutMs: 1_000,
    run: () => {
      throw new ToolError(
        'not_permitted',
        'This tool runs where the request came from, and not on the server. Call it from a dispatch.',
      );
    },
  }),
};
