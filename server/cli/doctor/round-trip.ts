import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sumAnswer } from '../../../protocol/answer.ts';
import type { Surface } from '../../config/config.ts';
import type { EnvironmentVariables } from '../../config/environment.ts';
import { createCredentialDesk } from '../../credential-desk.ts';
import { newId } from '../../new-id.ts';
import { createFrameReader } from '../../sdk/frames.ts';
import { startServer } from '../../start.ts';
import { openStore } from '../../store/open-store.ts';
import { type Check, failed, ok } from './checkup.ts';

/** Longest time from the question to the end of the answer, in milliseconds. */
const LIMIT_MS = 60_000;

const NAME = 'round trip';
const ORIGIN = 'http://localhost';

/** Where and as whom to chat. */
export interface Visit {
  readonly url: string;
  readonly token: string;
  readonly origin: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * Starts a server with this configuration on a free port and over a database of its own, which is gone afterwards,
 * and chats with the surface as a page does.
 */
export async function roundTripHere(
  surface: Pick<Surface, 'id' | 'workspace'>,
  where: { readonly env: EnvironmentVariables; readonly cwd: string },
): Promise<Check> {
  const folder = await mkdtemp(join(tmpdir(), 'pagehand-doctor-'));
  const database = join(folder, 'doctor.db');
  try {
    const token = await issueToken(database, surface);
    const port = String(await freePort());
    const env = {
      ...where.env,
      HOST: '127.0.0.1',
      PORT: port,
      PAGEHAND_DB: database,
      PAGEHAND_LOG_LEVEL: 'silent',
    };
    const server = await startServer({ env, cwd: where.cwd });
    try {
      return await roundTrip({ url: server.url, token, origin: ORIGIN, fetch });
    } finally {
      await server.stop(1_000);
    }
  } catch (error) {
    return failed(
      NAME,
      `The server did not start: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens a session, sends one message, and reads the answer to its end. */
export async function roundTrip({ url, token, origin, fetch }: Visit): Promise<Check> {
  const begunMs = performance.now();
  const signal = AbortSignal.timeout(LIMIT_MS);
  const post = (path: string, body: unknown) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify(body),
      signal,
    });
  try {
    const init = await post('/v1/client/init', { token });
    if (!init.ok) return refused('The session was not opened', init);
    const { sessionId } = (await init.json()) as { sessionId: string };
    const messages = [{ role: 'user', content: 'Hello! Answer in one short sentence.' }];
    const chat = await post('/v1/client/chat', { sessionId, messages });
    if (!chat.ok || chat.body === null) return refused('The message was not taken', chat);
    const answer = sumAnswer();
    const frames = createFrameReader();
    for await (const piece of chat.body) for (const event of frames.read(piece)) answer.add(event);
    const { status, output, error } = answer.read();
    const tookMs = Math.round(performance.now() - begunMs);
    if (status === 'complete')
      return ok(NAME, `session, message and answer in ${tookMs} ms: \u201c${short(output)}\u201d`);
    if (error !== undefined) return failed(NAME, `${error.code}: ${error.message}`, error.hint);
    return failed(NAME, `The answer ended as "${status}".`, 'Look into the log of the server.');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(NAME, `There was no whole answer: ${reason}`, `Check that ${url} is reached from here.`);
  }
}

async function refused(what: string, response: Response): Promise<Check> {
  const body: unknown = await response.json().catch(() => undefined);
  const { code, message, hint } = (body ?? {}) as { code?: string; message?: string; hint?: string };
  return failed(NAME, `${what}: ${code ?? `HTTP ${response.status}`}. ${message ?? ''}`.trim(), hint);
}

async function issueToken(
  database: string,
  { id, workspace }: Pick<Surface, 'id' | 'workspace'>,
): Promise<string> {
  const store = await openStore(database);
  try {
    const desk = createCredentialDesk({ store: store.credentials, clock: Date.now, newId });
    const token = { workspace, surfaceId: id, allowedOrigins: [ORIGIN], environment: 'test' } as const;
    return (await desk.issueClientToken(token)).value;
  } finally {
    await store.close();
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 59)}\u2026` : line;
}
