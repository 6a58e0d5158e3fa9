import type { Execution } from '../store/store.ts';
import type { ChildCall, ChildLedger } from '../tools/toolbox.ts';

/** What a turn costs, its children included, beside what the execution had cost before it. */
export class RunLedger implements ChildLedger {
  private readonly before: Execution['tokens'];
  private input: number;
  private output: number;
  private isCounted = false;
  private children: number;
  private calls: ChildCall[] = [];

  constructor({ tokens, spawned }: Pick<Execution, 'tokens' | 'spawned'>) {
    this.before = tokens;
    this.input = tokens.input;
    this.output = tokens.output;
    this.children = spawned;
  }

  tokens(input: number, output: number): void {
    this.isCounted = true;
    this.input += input;
    this.output += output;
  }

  /** Of this turn and the children that worked for it. `undefined`: nobody counted any. */
  ofTurn(): Execution['tokens'] | undefined {
    if (!this.isCounted) return undefined;
    return { input: this.input - this.before.input, output: this.output - this.before.output };
  }

  called(call: ChildCall): void {
    this.calls.push(call);
  }

  /** The calls of children since it was asked last: the next boundary keeps their receipts. */
  takeCalls(): readonly ChildCall[] {
    const taken = this.calls;
    this.calls = [];
    return taken;
  }

  spawned(): number {
    this.children += 1;
    return this.children;
  }

  enter(execution: Execution): Execution {
    return { ...execution, tokens: { input: this.input, output: this.output }, spawned: this.children };
  }
}
