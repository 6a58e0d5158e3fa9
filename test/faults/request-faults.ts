import type { EventOf } from '../../protocol/event.ts';
import type { RequestFault, Scene } from './fault.ts';
import type { ScenarioName } from './script.ts';
import type { Ending, Visitor } from './visitor.ts';
import type { Answer } from './wire.ts';

const BOTH = ['sqlite', 'postgres'] as const;
const PAUSING: readonly ScenarioName[] = ['page', 'parallel', 'mixed', 'chain', 'long'];
const ANY: readonly ScenarioName[] = ['words', 'effect', 'lookup', ...PAUSING];

type Awaits = readonly EventOf<'await'>[];

/** All that is wrong with requests and not with processes. */
export const REQUEST_FAULTS: readonly RequestFault[] = [
  {
    kind: 'request',
    name: 'two-resumes-alike',
    engines: BOTH,
    share: 1,
    scenarios: PAUSING,
    play: resumeTwiceAlike,
  },
  {
    kind: 'request',
    name: 'two-resumes-unlike',
    engines: BOTH,
    share: 1,
    scenarios: PAUSING,
    play: resumeTwiceUnlike,
  },
  {
    kind: 'request',
    name: 'two-chats',
    engines: BOTH,
    share: 1,
    scenarios: ANY,
    mayEnd: ['stopped'],
    play: chatTwice,
  },
  { kind: 'request', name: 'one-chat-twice', engines: BOTH, share: 1, scenarios: ANY, play: chatAgain },
  {
    kind: 'request',
    name: 'bad-outputs',
    engines: BOTH,
    share: 0.5,
    scenarios: PAUSING,
    play: sendBadOutputs,
  },
  { kind: 'request', name: 'bad-cursors', engines: BOTH, share: 0.5, scenarios: ANY, play: followBadly },
  {
    kind: 'request',
    name: 'session-expires',
    engines: BOTH,
    share: 0.5,
    scenarios: PAUSING,
    play: expireSession,
  },
];

/** The same results to both processes at once: both get the same answer. */
async function resumeTwiceAlike(
  { victim, other, visitor, hooks, report }: Scene,
  text: string,
): Promise<Ending> {
  hooks.beforeResume = async (executionId, calls) => {
    const toolOutputs = Object.fromEntries(calls.map((call) => [String(call.toolCallId), visitor.run(call)]));
    const bodies = await Promise.all(
      [victim, other].map(async ({ url }) => {
        const answer = await resume(visitor, url, executionId, toolOutputs);
        if (answer === undefined || isLater(answer)) return undefined;
        if (answer.status !== 200)
          report(`one of two equal resumes was refused: ${answer.status} ${codeOf(answer)}`);
        return JSON.stringify(await readAll(answer));
      }),
    );
    const [first, second] = bodies;
    if (first !== undefined && second !== undefined && first !== second)
      report('two equal resumes were answered differently');
  };
  return visitor.say(text);
}

/** Different results to both at once: one wins, the other hears that it is too late. */
async function resumeTwiceUnlike(
  { victim, other, visitor, hooks, report }: Scene,
  text: string,
): Promise<Ending> {
  hooks.beforeResume = async (executionId, calls) => {
    const statuses = await Promise.all(
      [victim, other].map(async ({ url }, index) => {
        const toolOutputs = Object.fromEntries(
          calls.map((call) => {
            const output = index === 0 ? visitor.run(call) : `${visitor.run(call)}, said otherwise`;
            visitor.noteSent((call.parameters as { key: string }).key, output);
            return [String(call.toolCallId), output];
          }),
        );
        const answer = await resume(visitor, url, executionId, toolOutputs);
        if (answer?.isStream) await readAll(answer);
        return answer === undefined || isLater(answer) ? 'later' : `${answer.status} ${codeOf(answer)}`;
      }),
    );
    const won = statuses.filter((status) => status.startsWith('200')).length;
    const late = statuses.filter((status) =>
      /already_resolved|later|execution_not_awaiting/.test(status),
    ).length;
    if (won !== 1 || late !== 1) report(`two different resumes were answered ${statuses.join(' and ')}`);
  };
  return visitor.say(text);
}

/** Two tabs say different things at once. One may give way to the other; both end. */
async function chatTwice({ other, visitor, cell, report }: Scene, text: string): Promise<Ending> {
  const tab = visitor.secondTab(() => other.url);
  const [ending, second] = await Promise.all([visitor.say(text), tab.say(`${text}x`)]);
  if (second.how === 'stranded' || second.how === 'failed')
    report(`the turn of the second tab ${second.how}`);
  await cell.settle(visitor.conversationId);
  for (const problem of tab.problems) report(`second tab: ${problem}`);
  tab.close();
  return ending;
}

/** One message comes twice at once, to both processes: one turn, read twice. */
async function chatAgain({ other, visitor, report }: Scene, text: string): Promise<Ending> {
  const tab = visitor.secondTab(() => other.url);
  const [ending, second] = await Promise.all([visitor.say(text, 'msg_twice'), tab.say(text, 'msg_twice')]);
  if (second.how !== 'complete') report(`the message that came twice ended ${second.how}`);
  for (const [key, outputs] of tab.sent) for (const output of outputs) visitor.noteSent(key, output);
  for (const problem of tab.problems) report(`second tab: ${problem}`);
  tab.close();
  return ending;
}

/** Every result that does not fit is refused with a reason, and spoils nothing for the right one. */
async function sendBadOutputs({ victim, visitor, hooks, report }: Scene, text: string): Promise<Ending> {
  const expect = async (
    what: string,
    wanted: string,
    executionId: string,
    toolOutputs: Record<string, unknown>,
  ) => {
    const answer = await resume(visitor, victim.url, executionId, toolOutputs);
    if (answer === undefined || isLater(answer)) return;
    const got = `${answer.status} ${codeOf(answer)}`;
    if (answer.isStream) await readAll(answer);
    if (!got.startsWith(wanted)) report(`${what} was answered ${got} and not ${wanted}`);
  };
  hooks.beforeResume = async (executionId, calls) => {
    const [call] = calls;
    if (call === undefined) return;
    await expect('an unknown call', '400 unknown_tool_output', executionId, { call_nobody: 'x' });
    await expect('nothing', '400', executionId, {});
    await expect('a result of an unknown tool', '400 unknown_tool_output', executionId, { charge_more: 'x' });
    await expect('an unknown call beside a known one', '400 unknown_tool_output', executionId, {
      [String(call.toolCallId)]: 'wrong',
      call_nobody: 'x',
    });
  };
  const ending = await visitor.say(text);
  const { executionId } = ending;
  const calls = (visitor.logs.get(executionId ?? '') ?? []).filter(
    (event) => event.type === 'await',
  ) as Awaits;
  const last = calls.at(-1);
  if (executionId !== undefined && last !== undefined && ending.how === 'complete') {
    const id = String(last.toolCallId);
    await expect('a late result', '200', executionId, { [id]: visitor.run(last) });
    await expect('another late result', '409 already_resolved', executionId, { [id]: 'something else' });
    await expect('a result after the end', '4', executionId, { call_nobody: 'x' });
  }
  return ending;
}

/** Positions that the log does not have, and logs that are not the visitor's. */
async function followBadly({ visitor, report }: Scene, text: string): Promise<Ending> {
  const ending = await visitor.say(text);
  const id = ending.executionId ?? '';
  const end = visitor.logs.get(id)?.length ?? 0;
  const expect = async (after: string, wanted: number, headers: Record<string, string> = {}) => {
    const answer = await visitor.follow(id, after, headers).catch(() => undefined);
    if (answer === undefined || isLater(answer)) return;
    if (answer.isStream) await readAll(answer);
    if (answer.status !== wanted)
      report(`follow after "${after}" was answered ${answer.status} ${codeOf(answer)}`);
  };
  await expect('0', 200);
  await expect(String(end), 200);
  for (const bad of [String(end + 1), '999999999', '-1', 'soon', '1.5', '1e3', '', '%00', '1;2'])
    await expect(bad, 400);
  for (const bad of [String(end + 1), '-1', 'soon']) await expect('', 400, { 'last-event-id': bad });
  const foreign = await visitor.follow('exec_ofNobody', '0').catch(() => undefined);
  if (foreign !== undefined && !isLater(foreign) && foreign.status !== 404)
    report(`follow of no execution was answered ${foreign.status}`);
  return ending;
}

/** The session ends while the page works; the next one of the same visitor goes on. */
async function expireSession({ visitor, hooks, cell }: Scene, text: string): Promise<Ending> {
  hooks.beforeResume = async () => {
    hooks.beforeResume = undefined;
    await cell.reader.query(
      'update sessions set expires_at_ms = 1 where conversation_id = ?',
      visitor.conversationId,
    );
  };
  return visitor.say(text);
}

async function resume(
  { sessionId, sendTo }: Visitor,
  url: string,
  executionId: string,
  toolOutputs: Readonly<Record<string, unknown>>,
): Promise<Answer | undefined> {
  return sendTo(url, '/v1/client/resume', { sessionId, executionId, toolOutputs }).catch(() => undefined);
}

async function readAll({ events }: Answer): Promise<readonly unknown[]> {
  const read = [];
  for await (const event of events) read.push(event);
  return read;
}

function isLater({ status, body }: Answer): boolean {
  return status >= 500 || status === 429 || body.code === 'execution_conflict';
}

function codeOf({ body }: Answer): string {
  return String(body.code ?? '');
}
