import type { Commit, Execution, Lease, NewExecution, Outcome } from '../../server/store/store.ts';

/** What was really written of one execution, by whichever process. */
export interface Written {
  readonly conversationId: string;
  readonly outcome: Outcome | undefined;
  readonly newMessages: number;
  readonly states: Execution[];
}

interface Held {
  readonly owner: string;
  readonly untilMs: number;
  /** From whom the owner took it although their time was not over. */
  readonly takenFrom: string | undefined;
}

/** Keeps book of what reaches the store, and notices what must never be written. */
export class Ledger {
  /** By execution. */
  readonly written = new Map<string, Written>();
  readonly violations: string[] = [];
  /** How often each conversation was changed. */
  readonly changes = new Map<string, number>();
  private readonly held = new Map<string, Held>();
  private readonly clock: { readonly nowMs: number };

  constructor(clock: { readonly nowMs: number }) {
    this.clock = clock;
  }

  created(commit: NewExecution): void {
    const { execution, messages, outcome } = commit;
    const { id, conversationId } = execution;
    for (const [other, one] of this.written) {
      const state = one.states.at(-1);
      if (one.conversationId === conversationId && state !== undefined && isOpen(state))
        this.violations.push(`${id} was begun while ${other} was ${state.status}`);
    }
    this.inspect(execution);
    this.written.set(id, { conversationId, outcome, newMessages: messages.length, states: [execution] });
    this.hold(id, commit.lease);
  }

  committed({ execution, lease }: Commit): void {
    const { id, status, version } = execution;
    const written = this.written.get(id);
    const before = written?.states.at(-1);
    if (written === undefined || before === undefined) {
      this.violations.push(`${id} was written and never created`);
      return;
    }
    if (!isOpen(before) || (before.status === 'awaiting' && status === 'complete'))
      this.violations.push(`${id} was ${before.status} and became ${status}`);
    if (version <= before.version)
      this.violations.push(`${id} went from version ${before.version} to ${version}`);
    const takenFrom = this.held.get(id)?.takenFrom;
    if (takenFrom !== undefined && isOpen(execution))
      this.violations.push(`${id} was taken from ${takenFrom}, whose time was not over, to go on with it`);
    this.inspect(execution);
    written.states.push(execution);
    this.hold(id, lease);
  }

  claimed({ id }: Execution, lease: Lease): void {
    const before = this.held.get(id);
    const isRunning =
      before !== undefined && before.untilMs > this.clock.nowMs && before.owner !== lease.owner;
    this.hold(id, lease, isRunning ? before.owner : undefined);
  }

  renewed(executionIds: Iterable<string>, lease: Lease): void {
    for (const id of executionIds) this.hold(id, lease);
  }

  released(owner: string): void {
    for (const [id, held] of this.held) if (held.owner === owner) this.held.delete(id);
  }

  /** Whose turn of this conversation it is. */
  holder(conversationId: string): string | undefined {
    const running = [...this.written].filter(
      ([, one]) => one.conversationId === conversationId && one.states.at(-1)?.status === 'running',
    );
    return this.held.get(running.at(-1)?.[0] ?? '')?.owner;
  }

  private hold(id: string, lease: Lease | null, takenFrom?: string): void {
    const conversationId = this.written.get(id)?.conversationId ?? '';
    this.changes.set(conversationId, (this.changes.get(conversationId) ?? 0) + 1);
    if (lease === null) this.held.delete(id);
    else this.held.set(id, { owner: lease.owner, untilMs: this.clock.nowMs + lease.forMs, takenFrom });
  }

  private inspect({ id, status, pending, started, turnId, expiresAtMs }: Execution): void {
    const isSound =
      (status === 'awaiting') === (expiresAtMs !== null) &&
      (status === 'running' || status === 'awaiting') === (turnId !== null) &&
      (status === 'running' || started.length === 0) &&
      (status === 'running' ? pending.length === 0 || started.length > 0 : true) &&
      (status === 'awaiting' ? pending.length > 0 : status === 'running' || pending.length === 0);
    if (!isSound)
      this.violations.push(
        `${id} is ${status} with ${JSON.stringify({ pending, started, turnId, expiresAtMs })}`,
      );
  }
}

function isOpen({ status }: Execution): boolean {
  return status === 'running' || status === 'awaiting';
}
