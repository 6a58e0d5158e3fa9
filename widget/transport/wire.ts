import type { WidgetError } from '../errors.ts';
import { refusedBy } from './failure.ts';
import type { Watch } from './watch.ts';

/** One request of the client plane. */
export interface Outgoing {
  /** Behind `/v1/client/`. */
  readonly path: string;
  /** Posted as JSON. Absent: it is a GET. */
  readonly body?: object;
  /** For requests without a body, which is where the session stands otherwise. */
  readonly bearer?: string;
  /** Sent as it is, instead of a body of JSON. */
  readonly bytes?: Blob;
  /** Default: POST where there is a body, else GET. */
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** The request outlives its page. */
  readonly keepalive?: boolean;
}

/** An answer that is not 2xx. */
export interface Refusal {
  readonly status: number;
  readonly refused: WidgetError;
}

/** What requests share: the address, the session, the ways to fail. */
export interface Wire {
  readonly base: string;
  /** Resolves with the head of the answer, whatever its status. */
  send(outgoing: Outgoing, watch: Watch): Promise<Response>;
  /** The whole of an answer; a refusal where it is not 2xx. */
  fetchWhole<T>(
    outgoing: Outgoing,
    signal: AbortSignal,
    read: (answer: Response) => Promise<T>,
  ): Promise<{ readonly value: T } | Refusal>;
  /** Sends within a session. One that the server ended is opened again, once; the request was refused before it ran. */
  withinSession<T>(
    signal: AbortSignal,
    send: (sessionId: string) => Promise<{ readonly value: T } | Refusal>,
  ): Promise<T>;
}

export const DELETED = 'conversation_deleted';

export async function refusalOf(answer: Response): Promise<Refusal> {
  return { status: answer.status, refused: await refusedBy(answer) };
}
