import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventOf, isTerminal, type StreamEvent } from '../../protocol/event.ts';
import type { ChatMessage } from '../../protocol/message.ts';
import type { Random } from './random.ts';
import { CLIENT_TOKEN, PAGE_ORIGIN, PAGE_TOOLS, resultOf } from './script.ts';
import { shownText } from './shown-text.ts';
import { type Answer, ask, ConnectionLost } from './wire.ts';

/** Longest turn, in milliseconds. What takes longer is stranded. */
export const TURN_LIMIT_MS = 15_000;

const ANSWER_LIMIT_MS = 7_000;

/** Longest turn where nobody listens for a while, in milliseconds. */
const MAX_LIMIT_MS = 60_000;

const NOBODY = 'nobody listened';

/** Tries that a trace tells of. */
const MAX_TRACE = 12;

export interface VisitorOptions {
  readonly random: Random;
  /** Where the next request goes. */
  readonly where: () => string;
  /** What the visitor does to a connection on which this event just came. */
  readonly onEvent?: (event: StreamEvent) => 'cut' | 'stall' | undefined;
  /** What happens before the results of these calls are sent, each time that they are about to be. */
  readonly beforeResume?: (executionId: string, calls: readonly EventOf<'await'>[]) => Promise<void>;
  /** Codes of refusals that are no problem, because somebody else answers the same calls. */
  readonly tolerates?: readonly string[];
  /** Default: `TURN_LIMIT_MS`. */
  readonly limitMs?: number;
}

/** How a turn went, as the visitor saw it. */
export interface Ending {
  readonly executionId: string | undefined;
  readonly how: 'complete' | 'failed' | 'stopped' | 'stranded' | 'refused';
}

/** `stopped`: a proper end without a last word. `broken`: no proper end, or none at all. */
type Reading = 'ended' | 'stopped' | 'broken' | 'refused';

/** Someone on the page: sends, reads, follows, runs the page's tools once each, and gives up only at the limit. */
export class Visitor {
  sessionId = '';
  conversationId = '';
  /** Every event that came, by execution, in order of position. */
  readonly logs = new Map<string, StreamEvent[]>();
  /** How often each key of a page tool was run. */
  readonly pageRuns = new Map<string, number>();
  /** Results that were sent for each key. More than one only where a fault sends others. */
  readonly sent = new Map<string, Set<string>>();
  /** What a visitor must never meet. */
  readonly problems: string[] = [];
  private readonly options: VisitorOptions;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly address: string;
  private readonly outputs = new Map<string, string>();
  private readonly accepted = new Set<string>();
  private readonly transcript: ChatMessage[] = [];
  private readonly sendsKeys: boolean;
  private reading: Answer | undefined;
  /** The latest request, and the status of its answer. */
  private asked = '';
  private wasRefused = false;
  private readonly tries: string[] = [];

  constructor(options: VisitorOptions) {
    const { random } = options;
    this.options = options;
    this.address = `10.${random.whole(0, 255)}.${random.whole(0, 255)}.${random.whole(1, 254)}`;
    this.sendsKeys = random.chance(0.5);
  }

  /** Opens a session, or the next one of the same conversation. */
  async open(): Promise<void> {
    const deadline = Date.now() + TURN_LIMIT_MS;
    const again =
      this.sessionId === '' ? {} : { sessionId: this.sessionId, conversationId: this.conversationId };
    while (Date.now() < deadline) {
      const answer = await this.post('/v1/client/init', { token: CLIENT_TOKEN, ...again }).catch(this.lost);
      if (answer?.status === 200) {
        const { sessionId, conversationId } = answer.body;
        if (this.conversationId !== '' && this.conversationId !== conversationId)
          this.problems.push('The conversation was not continued by a new session.');
        this.sessionId = String(sessionId);
        this.conversationId = String(conversationId);
        return;
      }
      await this.wait();
    }
    throw new Error('No session could be opened.');
  }

  /** Says something and stays until the turn has ended. `again`: the same message as before. */
  async say(text: string, id = `msg_${this.options.random.whole(0, 1e12)}`): Promise<Ending> {
    if (!this.transcript.some((message) => message.id === id))
      this.transcript.push({ id, role: 'user', content: text });
    const limitMs = this.options.limitMs ?? TURN_LIMIT_MS;
    const startedAt = Date.now();
    let deadline = startedAt + limitMs;
    // A stream may stay open and silent.
    let giveUp = setTimeout(() => this.reading?.cut(), limitMs);
    let executionId: string | undefined;
    try {
      while (Date.now() < deadline) {
        const askedAt = Date.now();
        const reading = await this.advance(executionId, id, (found) => {
          executionId = found;
        });
        this.tries.push(`${this.asked}: ${reading} after ${Date.now() - askedAt} ms`);
        if (reading === 'refused') return { executionId, how: 'refused' };
        if (reading === 'ended' && executionId !== undefined) return this.end(executionId);
        if (reading === 'broken') await this.wait();
        if (this.asked.endsWith(NOBODY) && deadline < startedAt + MAX_LIMIT_MS) {
          // Time without any server is the machine's, which is busy starting one.
          deadline += Date.now() - askedAt;
          clearTimeout(giveUp);
          giveUp = setTimeout(() => this.reading?.cut(), deadline - Date.now());
        }
      }
      return { executionId, how: 'stranded' };
    } finally {
      clearTimeout(giveUp);
    }
  }

  /** Asks for the end of an execution. Resolves to the status of the answer, or to nothing when there was none. */
  async cancel(executionId: string): Promise<Answer | undefined> {
    return await this.post('/v1/client/cancel', { sessionId: this.sessionId, executionId }).catch(this.lost);
  }

  /** Reads the log of an execution from a position. */
  follow(
    executionId: string,
    after: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const query = headers['last-event-id'] === undefined ? `?after=${after}` : '';
    return ask(`${this.options.where()}/v1/client/executions/${executionId}/events${query}`, {
      method: 'GET',
      headers: { ...this.headers(), authorization: `Bearer ${this.sessionId}`, ...headers },
      agent: this.agent,
      patienceMs: ANSWER_LIMIT_MS,
    });
  }

  /** A result for this key is on its way, by whomever. */
  noteSent(key: string, output: string): void {
    this.sent.set(key, (this.sent.get(key) ?? new Set()).add(output));
  }

  /** Another tab: the same session and conversation, and eyes of its own. */
  secondTab(where: () => string): Visitor {
    const tab = new Visitor({ random: this.options.random, where, tolerates: ['already_resolved'] });
    tab.sessionId = this.sessionId;
    tab.conversationId = this.conversationId;
    return tab;
  }

  /** What stands in the thread for one execution. */
  shown(executionId: string): string {
    return shownText(this.logs.get(executionId) ?? []);
  }

  post(path: string, body: unknown, key?: string): Promise<Answer> {
    return this.sendTo(this.options.where(), path, body, key);
  }

  readonly sendTo = (url: string, path: string, body: unknown, key?: string): Promise<Answer> =>
    ask(`${url}${path}`, {
      method: 'POST',
      headers: {
        ...this.headers(),
        ...(key === undefined || !this.sendsKeys ? {} : { 'idempotency-key': key }),
      },
      body,
      agent: this.agent,
      patienceMs: ANSWER_LIMIT_MS,
    });

  close(): void {
    this.agent.destroy();
  }

  /** What was tried last, for whoever looks into a stranded turn. */
  trace(): string {
    return this.tries.slice(-MAX_TRACE).join(' | ');
  }

  private async advance(
    executionId: string | undefined,
    messageId: string,
    found: (executionId: string) => void,
  ): Promise<Reading> {
    if (executionId === undefined) return this.chat(messageId, found);
    const unanswered = this.unanswered(executionId);
    if (unanswered.length === 0 || this.hasEnded(executionId)) return this.goOn(executionId);
    return this.resume(executionId, unanswered);
  }

  private readonly lost = (error: unknown): undefined => {
    if (!(error instanceof ConnectionLost)) throw error;
    this.wasRefused = error.wasRefused;
    return undefined;
  };

  private async chat(messageId: string, found: (executionId: string) => void): Promise<Reading> {
    const { sessionId } = this;
    const body = { sessionId, messages: this.transcript, clientTools: PAGE_TOOLS };
    const answer = await this.post('/v1/client/chat', body, `${sessionId} ${messageId}`).catch(this.lost);
    this.note('chat', answer);
    if (answer?.status === 200) return this.read(answer, found);
    return this.refused('chat', answer, []);
  }

  private async goOn(executionId: string): Promise<Reading> {
    const cursor = String(this.logs.get(executionId)?.length ?? 0);
    const byHeader = this.options.random.chance(0.3);
    const answer = await this.follow(executionId, cursor, byHeader ? { 'last-event-id': cursor } : {}).catch(
      this.lost,
    );
    this.note(`follow after ${cursor}`, answer);
    if (answer?.status === 200) return this.read(answer);
    return this.refused('follow', answer, []);
  }

  private async resume(executionId: string, calls: readonly EventOf<'await'>[]): Promise<Reading> {
    await this.options.beforeResume?.(executionId, calls);
    // Sometimes one result after the other, as a page whose tools take their time.
    const isSingle = calls.length > 1 && this.options.random.chance(0.4);
    const sent = isSingle ? calls.slice(0, 1) : calls;
    const ids = sent.map(({ toolCallId }) => String(toolCallId));
    const toolOutputs = Object.fromEntries(sent.map((call) => [String(call.toolCallId), this.run(call)]));
    const { sessionId } = this;
    const body = { sessionId, executionId, toolOutputs };
    const answer = await this.post('/v1/client/resume', body, `${sessionId} ${ids.join()}`).catch(this.lost);
    this.note('resume', answer);
    if (answer?.status === 200) {
      for (const id of ids) this.accepted.add(id);
      return this.read(answer);
    }
    const { tolerates = [] } = this.options;
    const expected = ['execution_not_awaiting', 'execution_expired', ...tolerates];
    const reading = await this.refused('resume', answer, expected);
    // It has gone on or ended without these; the log says how.
    if (
      answer !== undefined &&
      [409, 410].includes(answer.status) &&
      answer.body.code !== 'execution_conflict'
    )
      for (const id of ids) this.accepted.add(id);
    return reading;
  }

  private note(what: string, answer: Answer | undefined): void {
    const answered = answer === undefined ? (this.wasRefused ? NOBODY : 'no answer') : `${answer.status}`;
    this.asked = `${what}: ${answer?.body.code ?? answered}`;
  }

  /** Runs a tool of the page, unless its result lies here already. */
  run(call: EventOf<'await'>): string {
    const id = String(call.toolCallId);
    const known = this.outputs.get(id);
    if (known !== undefined) return known;
    const { key } = call.parameters as { readonly key: string };
    this.pageRuns.set(key, (this.pageRuns.get(key) ?? 0) + 1);
    const output = resultOf(String(call.toolName), key);
    this.noteSent(key, output);
    this.outputs.set(id, output);
    return output;
  }

  private async refused(
    what: string,
    answer: Answer | undefined,
    expected: readonly string[],
  ): Promise<Reading> {
    if (answer === undefined) return 'broken';
    const { status, body } = answer;
    if (status === 401) {
      await this.open();
      return 'broken';
    }
    const isTemporary = status >= 500 || status === 429 || body.code === 'execution_conflict';
    if (isTemporary || expected.includes(String(body.code))) return 'broken';
    this.problems.push(`${what} was refused: ${status} ${String(body.code)} ${String(body.message)}`);
    return what === 'chat' ? 'refused' : 'broken';
  }

  private async read(
    answer: Answer,
    found: (executionId: string) => void = () => undefined,
  ): Promise<Reading> {
    let last: StreamEvent | undefined;
    this.reading = answer;
    try {
      for await (const event of answer.events) {
        found(event.executionId);
        // What is sent again is answered from where it was accepted. What came before, for others perhaps, is followed.
        if (last === undefined && event.seq > (this.logs.get(event.executionId)?.length ?? 0) + 1) {
          answer.cut();
          return 'broken';
        }
        this.acknowledge(event);
        last = event;
        const act = this.options.onEvent?.(event);
        if (act === 'cut') answer.cut();
        if (act === 'stall') answer.stall();
        if (act !== undefined) return isTerminal(event) ? 'ended' : 'broken';
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      return last !== undefined && isTerminal(last) ? 'ended' : 'broken';
    }
    if (last !== undefined && isTerminal(last)) return 'ended';
    const hasPaused = last?.type === 'await';
    return hasPaused ? 'stopped' : 'broken';
  }

  private acknowledge(event: StreamEvent): void {
    const log = this.logs.get(event.executionId) ?? [];
    this.logs.set(event.executionId, log);
    const known = log[event.seq - 1];
    if (known === undefined) {
      if (event.seq !== log.length + 1) this.problems.push(`Event ${event.seq} came after ${log.length}.`);
      log[event.seq - 1] = event;
    } else if (JSON.stringify(known) !== JSON.stringify(event)) {
      this.problems.push(`Event ${event.seq} came twice and was another one: ${known.type}, ${event.type}.`);
    }
  }

  private unanswered(executionId: string): readonly EventOf<'await'>[] {
    const awaits = (this.logs.get(executionId) ?? []).filter((event) => event.type === 'await');
    const byId = new Map(awaits.map((event) => [String(event.toolCallId), event]));
    return [...byId.values()].filter(({ toolCallId }) => !this.accepted.has(String(toolCallId)));
  }

  private hasEnded(executionId: string): boolean {
    const last = this.logs.get(executionId)?.at(-1);
    return last !== undefined && isTerminal(last);
  }

  private end(executionId: string): Ending {
    const shown = this.shown(executionId);
    if (shown.trim() !== '') this.transcript.push({ role: 'assistant', content: shown });
    const last = this.logs.get(executionId)?.at(-1);
    if (last?.type !== 'execution_complete') return { executionId, how: 'failed' };
    return { executionId, how: last.success ? 'complete' : 'stopped' };
  }

  private wait(): Promise<void> {
    return sleep(this.options.random.whole(20, 80));
  }

  private headers(): Record<string, string> {
    return { origin: PAGE_ORIGIN, 'x-forwarded-for': this.address };
  }
}
