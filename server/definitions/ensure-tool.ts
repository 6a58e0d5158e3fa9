import type { ToolDefinition } from '../../protocol/definition.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { EnsureRequest, EnsureResponse } from '../../protocol/saved.ts';
import { RequestError } from '../errors.ts';
import type { DefinitionStore, StoredDefinition } from '../store/definition-store.ts';
import type { SubmittedTool } from './submitted-tool.ts';
import { changedKeys, contentHashOf, definitionOf } from './tool-content.ts';

export interface EnsureParts {
  readonly definitions: DefinitionStore;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
}

/** Who writes at the same time writes the same tool: each try that fails means that somebody else's went through. */
const MAX_TRIES = 10;

/**
 * Makes the kept tool what its definition says, or says what that would change. Without a definition it only compares.
 * Compares with what is kept at this moment, and writes only over that. Rejects with `RequestError`:
 * `content_hash_mismatch`, `remote_changed`, `external_modification`.
 */
export async function ensureTool(
  workspace: string,
  request: EnsureRequest,
  submitted: SubmittedTool | undefined,
  parts: EnsureParts,
): Promise<EnsureResponse> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const stored = await parts.definitions.definitionByName(workspace, 'tool', request.name);
    const live = stored === undefined ? undefined : readLive(stored);
    if (submitted === undefined) return probe(request, live);
    const decision = decide(request, submitted, live);
    if ('answer' in decision) return decision.answer;
    const written = nextOf(workspace, submitted.definition, live, parts);
    const isWritten =
      live === undefined
        ? await parts.definitions.insertDefinition(written)
        : await parts.definitions.updateDefinition(written);
    if (isWritten) {
      const contentHash = contentHashOf(submitted.definition);
      return { result: decision.write, toolId: written.id, contentHash, ...validationOf(submitted) };
    }
  }
  throw new RequestError(
    'remote_changed',
    `Others kept writing the tool "${request.name}" at the same time.`,
    {
      hint: 'Nothing was written. Send it again.',
    },
  );
}

/** What is kept, as it is at this moment. */
interface Live {
  readonly stored: StoredDefinition;
  readonly definition: ToolDefinition;
  readonly contentHash: string;
}

function readLive(stored: StoredDefinition): Live {
  const definition = definitionOf(stored);
  return { stored, definition, contentHash: contentHashOf(definition) };
}

/** A name and a hash: a miss is no error, and nothing is written. */
function probe({ contentHash, dryRun }: EnsureRequest, live: Live | undefined): EnsureResponse {
  const remoteHash = live?.contentHash ?? null;
  if (live === undefined || contentHash !== remoteHash) {
    return { result: 'definitionRequired', contentHash: remoteHash };
  }
  if (dryRun !== true) return { result: 'unchanged', toolId: live.stored.id, contentHash };
  return { result: 'plan', changes: 'none', changedKeys: [], contentHash, remoteHash };
}

type Decision = { readonly answer: EnsureResponse } | { readonly write: 'created' | 'updated' };

/** The whole table, in its order. */
function decide(request: EnsureRequest, submitted: SubmittedTool, live: Live | undefined): Decision {
  const { definition } = submitted;
  const contentHash = contentHashOf(definition);
  const validation = validationOf(submitted);
  const remoteHash = live?.contentHash ?? null;
  if (request.contentHash !== undefined && request.contentHash !== contentHash) {
    throw new RequestError(
      'content_hash_mismatch',
      'The definition has another hash than the request says.',
      {
        hint: 'Leave `contentHash` out of requests that carry a definition, or send the one that the server computes.',
        details: [`contentHash: ${contentHash}`, `remoteHash: ${remoteHash}`],
      },
    );
  }
  const conflict = conflictOf(request, live, contentHash);
  if (request.dryRun === true) {
    const changes = live === undefined ? 'create' : contentHash === remoteHash ? 'none' : 'update';
    return {
      answer: {
        result: 'plan',
        changes,
        changedKeys: [...changedKeys(definition, live?.definition)],
        contentHash,
        remoteHash,
        ...(conflict === undefined ? {} : { conflict: { code: conflict.code, message: conflict.message } }),
        ...validation,
      },
    };
  }
  if (live !== undefined && contentHash === remoteHash) {
    return { answer: { result: 'unchanged', toolId: live.stored.id, contentHash, ...validation } };
  }
  if (conflict !== undefined) {
    const { code, message, hint } = conflict;
    const details = [
      `contentHash: ${contentHash}`,
      `remoteHash: ${remoteHash}`,
      ...(live === undefined
        ? []
        : [
            `lastModifiedSource: ${live.stored.lastModifiedSource}`,
            `updatedAt: ${new Date(live.stored.updatedAtMs).toISOString()}`,
          ]),
    ];
    throw new RequestError(code, message, { hint, details });
  }
  return { write: live === undefined ? 'created' : 'updated' };
}

interface Conflict {
  readonly code: 'remote_changed' | 'external_modification';
  readonly message: string;
  readonly hint: string;
}

/** What agrees conflicts with nothing, whoever wrote it last. */
function conflictOf(
  { name, expectedRemoteHash, onConflict }: EnsureRequest,
  live: Live | undefined,
  contentHash: string,
): Conflict | undefined {
  const remoteHash = live?.contentHash ?? null;
  if (contentHash === remoteHash) return undefined;
  if (expectedRemoteHash !== undefined && expectedRemoteHash !== remoteHash) {
    return {
      code: 'remote_changed',
      message:
        live === undefined
          ? `The tool "${name}" is not there any more, or never was.`
          : `The tool "${name}" is not what it was when the plan was made.`,
      hint: 'Make the plan again (`dryRun: true`), read it, and send its `remoteHash` as `expectedRemoteHash`.',
    };
  }
  if (live === undefined || live.stored.lastModifiedSource === 'ensure' || onConflict === 'overwrite')
    return undefined;
  return {
    code: 'external_modification',
    message:
      live.stored.managedBy === undefined
        ? `The tool "${name}" was made by the API and is not kept as code yet.`
        : `The tool "${name}" was edited by the API since it was last ensured.`,
    hint:
      'To keep the definition that you sent, send it again with `onConflict: "overwrite"`. To keep what is there, ' +
      `take it over with \`GET /v1/tools/pull?name=${encodeURIComponent(name)}\`.`,
  };
}

function nextOf(
  workspace: string,
  definition: ToolDefinition,
  live: Live | undefined,
  { clock, newId }: EnsureParts,
): StoredDefinition {
  const nowMs = clock();
  return {
    id: live?.stored.id ?? newId(ID_PREFIX.tool),
    workspace,
    kind: 'tool',
    name: definition.name,
    body: definition,
    lastModifiedSource: 'ensure',
    managedBy: 'ensure',
    version: (live?.stored.version ?? 0) + 1,
    createdAtMs: live?.stored.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
  };
}

function validationOf({ warnings }: SubmittedTool) {
  return { validation: { warnings: warnings.map((warning) => ({ ...warning })) } };
}
