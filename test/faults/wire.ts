import { type Agent, type IncomingMessage, request } from 'node:http';
import type { StreamEvent } from '../../protocol/event.ts';
import { decodeEvent } from '../../protocol/sse.ts';

/** A request that got no answer, or only a part of one. */
export class ConnectionLost extends Error {
  /** Nobody listened, so nothing was sent. */
  readonly wasRefused: boolean;

  constructor(message: string, wasRefused = false) {
    super(message);
    this.wasRefused = wasRefused;
  }
}

export interface Answer {
  readonly status: number;
  /** The JSON of an answer that is no stream; `{}` where it is none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** What a stream brought. Throws `ConnectionLost` when it ends without its proper end. */
  readonly events: AsyncIterable<StreamEvent>;
  readonly isStream: boolean;
  /** Cuts the connection. */
  cut(): void;
  /** Reads no more, and lets the server find out. */
  stall(): void;
}

export interface Ask {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly agent: Agent;
  /** For the answer to begin, in milliseconds. */
  readonly patienceMs: number;
}

/** One request over HTTP/1.1. Throws `ConnectionLost`. */
export async function ask(url: string, { method, headers, body, agent, patienceMs }: Ask): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        agent,
        headers: { ...headers, ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
      },
      resolve,
    );
    const timer = setTimeout(() => outgoing.destroy(new Error('No answer in time.')), patienceMs);
    outgoing.once('response', () => clearTimeout(timer));
    outgoing.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(new ConnectionLost(cause.message, cause.code === 'ECONNREFUSED'));
    });
    outgoing.end(text);
  });
  const isStream = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
  return {
    status: response.statusCode ?? 0,
    isStream,
    body: isStream ? {} : await readJson(response),
    events: readEvents(response),
    cut: () => response.destroy(),
    stall: () => void response.pause(),
  };
}

async function readJson(response: IncomingMessage): Promise<Answer['body']> {
  const text = await readText(response);
  try {
    return JSON.parse(text) as Answer['body'];
  } catch {
    return {};
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (cause) {
    throw new ConnectionLost(String(cause));
  }
  return Buffer.concat(chunks).toString();
}

async function* readEvents(response: IncomingMessage): AsyncGenerator<StreamEvent> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      rest += chunk as string;
      for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
        const event = readFrame(rest.slice(0, end));
        rest = rest.slice(end + 2);
        if (event !== undefined) yield event;
      }
    }
  } catch (cause) {
    throw new ConnectionLost(String(cause));
  }
}

/** Nothing for comments. Throws for a frame whose id is not the position of its event. */
function readFrame(frame: string): StreamEvent | undefined {
  const fields = new Map(
    frame.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return undefined;
  const event = decodeEvent(data);
  if (event === undefined) throw new Error(`The frame is no event: ${frame}`);
  if (fields.get('id') !== String(event.seq)) throw new Error(`The frame's id is not its position: ${frame}`);
  return event;
}
