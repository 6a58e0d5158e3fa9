import * as z from 'zod/mini';
import {
  ChangeClientTokenRequest,
  ClientTokenSummary,
  ClientTokensResponse,
  CreateClientTokenRequest,
  CredentialRequest,
  Deleted,
  IssuedClientToken,
} from '../../protocol/credentials.ts';
import type { Config } from '../config/config.ts';
import { originProblem } from '../config/origin.ts';
import type { CredentialDesk, Issued } from '../credential-desk.ts';
import type { Credentials } from '../credentials.ts';
import { RequestError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { StoredClientToken } from '../store/credential-store.ts';
import { jsonAnswer, type KeyRoute, keyRoute } from './route.ts';

interface ClientTokenRouteParts {
  readonly config: Config;
  readonly credentials: Pick<Credentials, 'refresh'>;
  readonly desk: CredentialDesk;
  readonly log: Pick<Log, 'info'>;
}

/** The client tokens that were made while the server ran. Those of the configuration stand there alone. */
export function clientTokenRoutes(parts: ClientTokenRouteParts): KeyRoute[] {
  return [
    listRoute(parts),
    createRoute(parts),
    changeRoute(parts),
    regenerateRoute(parts),
    removeRoute(parts),
  ];
}

function listRoute({ desk }: ClientTokenRouteParts): KeyRoute {
  return keyRoute({
    method: 'GET',
    path: '/v1/client-tokens',
    operation: 'listClientTokens',
    summary: 'The client tokens of the workspace that were made here, without their values.',
    scope: 'TOKENS',
    request: z.object({}),
    answer: { description: 'In the order in which they were made.', json: ClientTokensResponse },
    errors: [],
    async handle(_call, _input, { workspace }) {
      const tokens = await desk.clientTokens(workspace);
      return jsonAnswer({ clientTokens: tokens.map(summaryOf) } satisfies ClientTokensResponse);
    },
  });
}

function createRoute({ config, credentials, desk, log }: ClientTokenRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: '/v1/client-tokens',
    operation: 'createClientToken',
    summary: 'Makes a client token for a surface of the workspace.',
    scope: 'TOKENS',
    request: CreateClientTokenRequest,
    answer: {
      description: 'The token, with its value this once. All processes know it within seconds.',
      json: IssuedClientToken,
    },
    errors: ['not_found'],
    async handle({ requestId }, { surfaceId, allowedOrigins, environment = 'live' }, { workspace }) {
      requireOrigins(allowedOrigins);
      const surfaces = config.surfaces
        .filter((surface) => surface.workspace === workspace)
        .map(({ id }) => id);
      if (!surfaces.includes(surfaceId)) {
        throw new RequestError('not_found', `There is no surface "${surfaceId}" in this workspace.`, {
          hint: `Those of the configuration are: ${surfaces.join(', ') || 'none'}.`,
        });
      }
      const issued = await desk.issueClientToken({
        workspace,
        surfaceId,
        allowedOrigins: [...new Set(allowedOrigins)],
        environment,
      });
      log.info({ requestId, id: issued.stored.id, workspace, surfaceId }, 'A client token was made');
      await credentials.refresh();
      return answerOf(issued);
    },
  });
}

function changeRoute({ credentials, desk, log }: ClientTokenRouteParts): KeyRoute {
  return keyRoute({
    method: 'PATCH',
    path: '/v1/client-tokens/{id}',
    operation: 'changeClientToken',
    summary: 'Changes where a client token may be used, or switches it off and on.',
    scope: 'TOKENS',
    request: ChangeClientTokenRequest,
    answer: { description: 'The token as it is now.', json: ClientTokenSummary },
    errors: ['not_found'],
    async handle({ requestId }, { id, allowedOrigins, isActive }, { workspace }) {
      requireOrigins(allowedOrigins ?? []);
      const changed = await desk.changeClientToken(workspace, id, {
        ...(allowedOrigins === undefined ? {} : { allowedOrigins: [...new Set(allowedOrigins)] }),
        ...(isActive === undefined ? {} : { isActive }),
      });
      if (changed === undefined) throw noToken();
      log.info({ requestId, id, workspace, allowedOrigins, isActive }, 'A client token was changed');
      await credentials.refresh();
      return jsonAnswer(summaryOf(changed));
    },
  });
}

function regenerateRoute({ credentials, desk, log }: ClientTokenRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: '/v1/client-tokens/{id}/regenerate',
    operation: 'regenerateClientToken',
    summary:
      'Gives a client token another value. The one before opens nothing any more, and its sessions end.',
    scope: 'TOKENS',
    body: 'none',
    request: CredentialRequest,
    answer: { description: 'The token, with its new value this once.', json: IssuedClientToken },
    errors: ['not_found'],
    async handle({ requestId }, { id }, { workspace }) {
      const issued = await desk.regenerateClientToken(workspace, id);
      if (issued === undefined) throw noToken();
      log.info({ requestId, id, workspace }, 'A client token got another value');
      await credentials.refresh();
      return answerOf(issued);
    },
  });
}

function removeRoute({ credentials, desk, log }: ClientTokenRouteParts): KeyRoute {
  return keyRoute({
    method: 'DELETE',
    path: '/v1/client-tokens/{id}',
    operation: 'deleteClientToken',
    summary: 'Forgets a client token. It opens nothing any more, and its sessions end.',
    scope: 'TOKENS',
    request: CredentialRequest,
    answer: { description: 'It is gone.', json: Deleted },
    errors: ['not_found'],
    async handle({ requestId }, { id }, { workspace }) {
      if (!(await desk.removeClientToken(workspace, id))) throw noToken();
      log.info({ requestId, id, workspace }, 'A client token was removed');
      await credentials.refresh();
      return jsonAnswer({ deleted: true } satisfies Deleted);
    },
  });
}

function requireOrigins(origins: readonly string[]): void {
  const details = origins.flatMap((origin, index) => {
    const problem = originProblem(origin);
    return problem === undefined ? [] : [`allowedOrigins[${index}]: ${problem}`];
  });
  if (details.length === 0) return;
  throw new RequestError('invalid_request', `An origin cannot be one: ${details[0]}`, {
    hint: 'Write each as browsers send it, for example `https://store.example.com`.',
    details,
  });
}

function answerOf({ value, stored }: Issued<StoredClientToken>): Response {
  return jsonAnswer({ ...summaryOf(stored), token: value } satisfies IssuedClientToken);
}

function summaryOf(token: StoredClientToken): ClientTokenSummary {
  const { id, label, surfaceId, environment, allowedOrigins, isActive, createdAtMs } = token;
  const createdAt = new Date(createdAtMs).toISOString();
  return { id, label, surfaceId, environment, allowedOrigins: [...allowedOrigins], isActive, createdAt };
}

function noToken(): RequestError {
  return new RequestError('not_found', 'There is no such client token in this workspace.', {
    hint: '`GET /v1/client-tokens` lists them. Those of the configuration are changed there.',
  });
}
