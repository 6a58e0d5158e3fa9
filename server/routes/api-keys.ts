import * as z from 'zod/mini';
import {
  ApiKeySummary,
  ApiKeysResponse,
  allows,
  CreateApiKeyRequest,
  CredentialRequest,
  IssuedApiKey,
  isScope,
} from '../../protocol/credentials.ts';
import type { ApiKeyConfig } from '../config/config.ts';
import type { CredentialDesk } from '../credential-desk.ts';
import type { Credentials } from '../credentials.ts';
import { RequestError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { StoredApiKey } from '../store/credential-store.ts';
import { jsonAnswer, type KeyRoute, keyRoute } from './route.ts';

interface ApiKeyRouteParts {
  readonly credentials: Pick<Credentials, 'refresh'>;
  readonly desk: CredentialDesk;
  /** Who may do what is the operator's to follow. */
  readonly log: Pick<Log, 'info'>;
}

/** The API keys that were made while the server ran. Those of the configuration stand there alone. */
export function apiKeyRoutes(parts: ApiKeyRouteParts): KeyRoute[] {
  return [listRoute(parts), createRoute(parts), revokeRoute(parts)];
}

function listRoute({ desk }: ApiKeyRouteParts): KeyRoute {
  return keyRoute({
    method: 'GET',
    path: '/v1/api-keys',
    operation: 'listApiKeys',
    summary: 'The API keys of the workspace that were made here, without their values.',
    scope: 'KEYS',
    request: z.object({}),
    answer: { description: 'In the order in which they were made, revoked ones too.', json: ApiKeysResponse },
    errors: [],
    async handle(_call, _input, { workspace }) {
      const keys = await desk.apiKeys(workspace);
      return jsonAnswer({ apiKeys: keys.map(summaryOf) } satisfies ApiKeysResponse);
    },
  });
}

function createRoute({ credentials, desk, log }: ApiKeyRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: '/v1/api-keys',
    operation: 'createApiKey',
    summary:
      'Makes an API key for the workspace, which may do no more than the one that asks, and not for longer.',
    scope: 'KEYS',
    request: CreateApiKeyRequest,
    answer: {
      description: 'The key, with its value this once. All processes know it within seconds.',
      json: IssuedApiKey,
    },
    errors: [],
    async handle({ requestId }, { name, scopes, environment, expiresInDays }, key) {
      requireScopes(scopes, key);
      const { value, stored } = await desk.issueApiKey({
        workspace: key.workspace,
        name,
        scopes,
        environment,
        expiresInDays,
        expiresBeforeMs: key.expiresAtMs,
      });
      const { id, workspace } = stored;
      log.info({ requestId, id, workspace, scopes }, 'An API key was made');
      await credentials.refresh();
      return jsonAnswer({ ...summaryOf(stored), key: value } satisfies IssuedApiKey);
    },
  });
}

function revokeRoute({ credentials, desk, log }: ApiKeyRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: '/v1/api-keys/{id}/revoke',
    operation: 'revokeApiKey',
    summary: 'Takes an API key back, for good.',
    scope: 'KEYS',
    body: 'none',
    request: CredentialRequest,
    answer: {
      description: 'The key as it is now. No process takes it five seconds later.',
      json: ApiKeySummary,
    },
    errors: ['not_found'],
    async handle({ requestId }, { id }, { workspace }) {
      const revoked = await desk.revokeApiKey(workspace, id);
      if (revoked === undefined) {
        throw new RequestError('not_found', 'There is no such API key in this workspace.', {
          hint: '`GET /v1/api-keys` lists them. Those of the configuration are removed there.',
        });
      }
      log.info({ requestId, id, workspace }, 'An API key was revoked');
      await credentials.refresh();
      return jsonAnswer(summaryOf(revoked));
    },
  });
}

function requireScopes(wanted: readonly string[], key: ApiKeyConfig): void {
  const unknown = wanted.flatMap((scope, index) => (isScope(scope) ? [] : [`scopes[${index}]: is no scope`]));
  if (unknown.length > 0) {
    throw new RequestError('invalid_request', `The request does not fit this route: ${unknown[0]}.`, {
      hint: 'Write `*`, or a resource with `:READ`, `:WRITE` or `:*`, as `DISPATCH:*`.',
      details: unknown,
    });
  }
  const missing = wanted.filter((scope) => !allows(key.scopes, scope));
  if (missing.length === 0) return;
  throw new RequestError(
    'insufficient_scope',
    `The API key ${key.label} cannot give what it does not have: ${missing.map((scope) => `\`${scope}\``).join(', ')}.`,
    { hint: `It has ${key.scopes.map((scope) => `\`${scope}\``).join(', ')}.` },
  );
}

function summaryOf(key: StoredApiKey): ApiKeySummary {
  const { id, label, name, scopes, isActive, createdAtMs, expiresAtMs } = key;
  return {
    id,
    label,
    name,
    scopes: [...scopes],
    isActive,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
  };
}
