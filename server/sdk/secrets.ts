import type {
  RotateSecretsResponse,
  SavedSecret,
  SecretSummary,
  SecretsResponse,
} from '../../protocol/credentials.ts';
import type { Connection } from './connection.ts';
import type { CallOptions } from './limits.ts';

/** The managed secrets of the API key's workspace, for `{{secret:NAME}}`. No answer has a value. */
export class SecretsApi {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async list(options: CallOptions = {}): Promise<readonly SecretSummary[]> {
    const answer = await this.#connection.json({ method: 'GET', path: '/v1/secrets' }, options);
    return (answer as SecretsResponse).secrets;
  }

  /** Creates it, or replaces its value. */
  async set(name: string, value: string, options: CallOptions = {}): Promise<SavedSecret> {
    const call = { method: 'POST', path: '/v1/secrets', body: { name, value }, isRepeatable: true } as const;
    return (await this.#connection.json(call, options)) as SavedSecret;
  }

  async delete(name: string, options: CallOptions = {}): Promise<void> {
    const path = `/v1/secrets/${encodeURIComponent(name)}`;
    await this.#connection.json({ method: 'DELETE', path }, options);
  }

  /** Encrypts the secrets of all workspaces under the server's first key. Asked again, it goes on with what is left. */
  async rotate(options: CallOptions = {}): Promise<RotateSecretsResponse> {
    const call = { method: 'POST', path: '/v1/secrets/rotate', isRepeatable: true } as const;
    return (await this.#connection.json(call, options)) as RotateSecretsResponse;
  }
}
