import type * as z from 'zod/mini';
import type {
  ApiKeySummary,
  ApiKeysResponse,
  ChangeClientTokenRequest,
  ClientTokenSummary,
  ClientTokensResponse,
  CreateApiKeyRequest,
  CreateClientTokenRequest,
  IssuedApiKey,
  IssuedClientToken,
} from '../../protocol/credentials.ts';
import type { Connection } from './connection.ts';
import type { CallOptions } from './limits.ts';

const TOKENS = '/v1/client-tokens';
const KEYS = '/v1/api-keys';

/** The client tokens that were made while the server ran; those of its configuration stand there alone. */
export class ClientTokensApi {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async list(options: CallOptions = {}): Promise<readonly ClientTokenSummary[]> {
    const answer = await this.#connection.json({ method: 'GET', path: TOKENS }, options);
    return (answer as ClientTokensResponse).clientTokens;
  }

  /** Its value stands in this answer and in no other. */
  async create(
    token: z.input<typeof CreateClientTokenRequest>,
    options: CallOptions = {},
  ): Promise<IssuedClientToken> {
    const call = { method: 'POST', path: TOKENS, body: token } as const;
    return (await this.#connection.json(call, options)) as IssuedClientToken;
  }

  /** Changes where it may be used, or switches it off and on. */
  async update(
    id: string,
    change: Omit<z.input<typeof ChangeClientTokenRequest>, 'id'>,
    options: CallOptions = {},
  ): Promise<ClientTokenSummary> {
    const call = { method: 'PATCH', path: pathOf(TOKENS, id), body: change, isRepeatable: true } as const;
    return (await this.#connection.json(call, options)) as ClientTokenSummary;
  }

  /** Another value; the one before opens nothing any more. */
  async regenerate(id: string, options: CallOptions = {}): Promise<IssuedClientToken> {
    const call = { method: 'POST', path: `${pathOf(TOKENS, id)}/regenerate` } as const;
    return (await this.#connection.json(call, options)) as IssuedClientToken;
  }

  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.json({ method: 'DELETE', path: pathOf(TOKENS, id) }, options);
  }
}

/** The API keys that were made while the server ran; those of its configuration stand there alone. */
export class ApiKeysApi {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Revoked ones too. */
  async list(options: CallOptions = {}): Promise<readonly ApiKeySummary[]> {
    const answer = await this.#connection.json({ method: 'GET', path: KEYS }, options);
    return (answer as ApiKeysResponse).apiKeys;
  }

  /** One that may do no more than this client's own. Its value stands in this answer and in no other. */
  async create(key: z.input<typeof CreateApiKeyRequest>, options: CallOptions = {}): Promise<IssuedApiKey> {
    const call = { method: 'POST', path: KEYS, body: key } as const;
    return (await this.#connection.json(call, options)) as IssuedApiKey;
  }

  /** For good. */
  async revoke(id: string, options: CallOptions = {}): Promise<void> {
    const call = { method: 'POST', path: `${pathOf(KEYS, id)}/revoke`, isRepeatable: true } as const;
    await this.#connection.json(call, options);
  }
}

function pathOf(path: string, id: string): string {
  return `${path}/${encodeURIComponent(id)}`;
}
