import type { Sandbox } from './sandbox.ts';

/** The sandbox as one owner has it: beside all others, and not before them. */
export function ownedSandbox(sandbox: Sandbox, owner: string): Sandbox {
  return {
    ...sandbox,
    run: (job) => sandbox.run({ ...job, owner }),
    check: (code, names) => sandbox.check(code, names, owner),
  };
}
