/** All visitors of the bench in one process: opens sessions, reads streams, counts what arrives and when. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './contender.ts';
import { BENCH_TOKEN, headersOf } from './visitor.ts';
import { serve } from './worker.ts';

export interface Wish {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reading {
  /** Events that arrived; heartbeats are none. */
  readonly events: number;
  readonly bytes: number;
  /** Of each stamped delta, from its making to its reading, in milliseconds. */
  readonly delaysMs: readonly number[];
}

export type Visitors = {
  /** Resolves to so many new sessions. */
  sessions(url: string, count: number): Promise<readonly string[]>;
  /** The body of one answer. */
  fetch(wish: Wish): Promise<string>;
  /** Opens streams beside those that are open, spread evenly over a time. Resolves to the first event of each. */
  open(wishes: readonly Wish[], spreadMs: number): Promise<readonly string[]>;
  /** Resolves when all open streams have ended. */
  read(): Promise<Reading>;
};

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
let streams: Stream[] = [];

serve({ sessions, fetch, open, read } satisfies Visitors);

async function sessions(url: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let visitor = 0; visitor < count; visitor += 1) {
    const body = JSON.stringify({ token: BENCH_TOKEN });
    const answer = await fetch({
      method: 'POST',
      url: `${url}/v1/client/init`,
      body,
      headers: headersOf(visitor),
    });
    ids.push((JSON.parse(answer) as { sessionId: string }).sessionId);
  }
  return ids;
}

async function fetch(wish: Wish): Promise<string> {
  const response = await send(wish);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function open(wishes: readonly Wish[], spreadMs: number): Promise<readonly string[]> {
  const opened = wishes.map(async (wish, index) => {
    await sleep((index * spreadMs) / wishes.length);
    const stream = new Stream(await send(wish));
    streams.push(stream);
    return await stream.begun;
  });
  return await Promise.all(opened);
}

async function read(): Promise<Reading> {
  await Promise.all(streams.map(({ ended }) => ended));
  const all = streams;
  streams = [];
  // A server may close an idle connection at the moment when it is used again.
  agent.destroy();
  return {
    events: all.reduce((sum, { events }) => sum + events, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    delaysMs: all.flatMap(({ delaysMs }) => delaysMs),
  };
}

/** Rejects with what stands in the body of a refusal. */
function send({ method, url, body, headers = {} }: Wish): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers: { ...headers } }, (response) => {
      if (response.statusCode === 200) return resolve(response);
      response.setEncoding('utf8').once('data', (text: string) => {
        reject(new Error(`${method} ${url} answered ${response.statusCode}: ${text.slice(0, 500)}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

const STAMP = '"delta":"';

class Stream {
  events = 0;
  bytes = 0;
  readonly delaysMs: number[] = [];
  /** The first event, as it came. */
  readonly begun: Promise<string>;
  readonly ended: Promise<void>;
  private rest = '';
  private begin: (frame: string) => void = () => undefined;

  constructor(response: IncomingMessage) {
    this.begun = new Promise((resolve) => {
      this.begin = resolve;
    });
    this.ended = new Promise((resolve, reject) => {
      response.once('end', resolve);
      response.once('error', reject);
    });
    // `read` may ask only later.
    this.ended.catch(() => undefined);
    response.setEncoding('latin1').on('data', (chunk: string) => this.take(chunk));
  }

  private take(chunk: string): void {
    const at = now();
    this.bytes += chunk.length;
    this.rest += chunk;
    let start = 0;
    for (;;) {
      const end = this.rest.indexOf('\n\n', start);
      if (end === -1) break;
      if (this.rest[start] !== ':') this.count(this.rest.slice(start, end), at);
      start = end + 2;
    }
    this.rest = this.rest.slice(start);
  }

  private count(frame: string, at: number): void {
    this.events += 1;
    if (this.events === 1) this.begin(frame);
    const stamp = frame.indexOf(STAMP);
    const madeAt = stamp === -1 ? 0 : Number.parseInt(frame.slice(stamp + STAMP.length, stamp + 30), 10);
    if (madeAt > 0) this.delaysMs.push((at - madeAt) / 1000);
  }
}
