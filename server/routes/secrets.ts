import * as z from 'zod/mini';
import {
  Deleted,
  RotateSecretsResponse,
  SavedSecret,
  SaveSecretRequest,
  SecretRequest,
  type SecretSummary,
  SecretsResponse,
} from '../../protocol/credentials.ts';
import { RequestError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ManagedSecrets } from '../secrets/managed-secrets.ts';
import { SHORTEST_SECRET } from '../secrets/scrubber.ts';
import type { StoredSecret } from '../store/secret-store.ts';
import { jsonAnswer, type KeyRoute, keyRoute } from './route.ts';

interface SecretRouteParts {
  readonly secrets: ManagedSecrets;
  readonly log: Pick<Log, 'info'>;
}

/** The secrets of a key's workspace. No route tells a value. */
export function secretRoutes(parts: SecretRouteParts): KeyRoute[] {
  return [listRoute(parts), saveRoute(parts), rotateRoute(parts), removeRoute(parts)];
}

function listRoute({ secrets }: SecretRouteParts): KeyRoute {
  return keyRoute({
    method: 'GET',
    path: '/v1/secrets',
    operation: 'listSecrets',
    summary: 'The secrets of the workspace, without their values.',
    scope: 'SECRETS',
    request: z.object({}),
    answer: { description: 'By name.', json: SecretsResponse },
    errors: ['secrets_unavailable'],
    async handle(_call, _input, { workspace }) {
      const listed = await secrets.list(workspace);
      return jsonAnswer({ secrets: listed.map(summaryOf) } satisfies SecretsResponse);
    },
  });
}

function saveRoute({ secrets, log }: SecretRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: '/v1/secrets',
    operation: 'saveSecret',
    summary: 'Keeps a secret for `{{secret:NAME}}`, encrypted, or replaces its value.',
    scope: 'SECRETS',
    request: SaveSecretRequest,
    answer: { description: 'It is kept. Running processes use it within seconds.', json: SavedSecret },
    errors: ['secrets_unavailable', 'remote_changed'],
    async handle({ requestId }, { name, value }, { workspace }) {
      const saved = await secrets.save(workspace, name.toUpperCase(), value);
      log.info({ requestId, workspace, secret: saved.name, version: saved.version }, 'A secret was saved');
      const warnings = [
        ...(value.trim().length < SHORTEST_SECRET
          ? [
              `A value under ${SHORTEST_SECRET} characters cannot be told from other words, so that it is not kept out of logs and results.`,
            ]
          : []),
        ...(value === value.trim() ? [] : ['The value begins or ends with white space.']),
      ];
      return jsonAnswer({
        ...summaryOf(saved),
        ...(warnings.length === 0 ? {} : { warnings }),
      } satisfies SavedSecret);
    },
  });
}

function rotateRoute({ secrets, log }: SecretRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: '/v1/secrets/rotate',
    operation: 'rotateSecrets',
    summary: 'Encrypts the secrets of all workspaces under the first key of PAGEHAND_SECRET_KEYS.',
    scope: 'SECRETS',
    body: 'none',
    request: z.object({}),
    answer: {
      description: 'What was done. Asked again, it goes on with what is left.',
      json: RotateSecretsResponse,
    },
    errors: ['secrets_unavailable', 'remote_changed'],
    async handle({ requestId }, _input, { workspace }) {
      const { failed, ...done } = await secrets.rotate();
      log.info({ requestId, ...done, failed: failed.length }, 'Secrets were encrypted anew');
      const own = failed.filter((secret) => secret.workspace === workspace);
      return jsonAnswer({
        ...done,
        failed: failed.length,
        failedNames: own.map(({ name }) => name),
      } satisfies RotateSecretsResponse);
    },
  });
}

function removeRoute({ secrets, log }: SecretRouteParts): KeyRoute {
  return keyRoute({
    method: 'DELETE',
    path: '/v1/secrets/{name}',
    operation: 'deleteSecret',
    summary: 'Forgets a secret. Tools that name it fail from then on.',
    scope: 'SECRETS',
    request: SecretRequest,
    answer: { description: 'It is gone.', json: Deleted },
    errors: ['secrets_unavailable', 'secret_not_found'],
    async handle({ requestId }, { name }, { workspace }) {
      if (await secrets.remove(workspace, name.toUpperCase())) {
        log.info({ requestId, workspace, secret: name.toUpperCase() }, 'A secret was removed');
        return jsonAnswer({ deleted: true } satisfies Deleted);
      }
      throw new RequestError('secret_not_found', `There is no secret ${name.toUpperCase()}.`, {
        hint: '`GET /v1/secrets` lists those of the workspace.',
      });
    },
  });
}

function summaryOf({ name, version, keyId, createdAtMs, updatedAtMs }: StoredSecret): SecretSummary {
  return {
    name,
    version,
    keyId,
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}
