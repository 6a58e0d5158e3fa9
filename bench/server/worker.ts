import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** What a process of the bench can be asked, by name. Arguments and answers travel as structured clones. */
export type Questions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** A process of its own, so that its processor time and memory are its own. */
export interface Worker<Q extends Questions> {
  ask<Name extends keyof Q & string>(
    name: Name,
    ...args: Parameters<Q[Name]>
  ): Promise<Awaited<ReturnType<Q[Name]>>>;
  stop(): Promise<void>;
}

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Reply {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

/** Where `scripts/bench.mjs` puts what it builds of this folder. */
const BUILT = join(import.meta.dirname, '../../.cache/bench');

/** Starts a file of this folder, named without its ending. What it prints on standard output is dropped. */
export function startWorker<Q extends Questions>(
  name: string,
  options: { readonly args?: readonly string[]; readonly execArgv?: readonly string[] } = {},
): Worker<Q> {
  const child = fork(join(BUILT, `${name}.js`), [...(options.args ?? [])], {
    execArgv: [...(options.execArgv ?? [])],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', (reply: Reply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.error === undefined) call?.resolve(reply.answer);
    else call?.reject(new Error(`${name}: ${reply.error}`));
  });
  child.once('exit', (code) => {
    for (const call of waiting.values()) call.reject(new Error(`${name} ended with code ${code}.`));
  });
  return {
    ask: (question, ...args) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, { resolve: resolve as (answer: unknown) => void, reject });
        child.send({ id: lastId, name: question, args } satisfies Call);
      }),
    stop: () => ended(child),
  };
}

/** Answers the questions of whoever started this process, until that one lets go. */
export function serve(questions: Questions): void {
  process.on('message', (call: Call) => {
    void reply(questions, call).then((message) => process.send?.(message));
  });
  process.once('disconnect', () => process.exit(0));
}

async function reply(questions: Questions, { id, name, args }: Call): Promise<Reply> {
  try {
    return { id, answer: await questions[name]?.(...(args as never[])) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((done) => child.once('exit', done));
  child.disconnect();
  await exit;
}
