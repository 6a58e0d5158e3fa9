import type * as z from 'zod/mini';
import type { ErrorCode } from '../../protocol/error.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { MAX_DEFINITION_CHARS } from '../../protocol/limits.ts';
import { RequestError } from '../errors.ts';
import type { DefinitionStore, StoredDefinition } from '../store/definition-store.ts';

/** A definition of the API with what the server knows of it. */
export interface Kept<Body> {
  readonly id: string;
  readonly body: Body;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface Page<Body> {
  /** By name. */
  readonly data: readonly Kept<Body>[];
  readonly nextCursor: string | null;
}

/** What the workspaces keep of one kind. What is another workspace's is not there. */
export interface SavedDefinitions<Body> {
  /** Throws `invalid_cursor`. */
  page(workspace: string, wanted: { cursor: string | undefined; limit: number }): Promise<Page<Body>>;
  find(workspace: string, id: string): Promise<Kept<Body> | undefined>;
  /** Throws `agent_not_found`, `flow_not_found`. */
  require(workspace: string, id: string): Promise<Kept<Body>>;
  /** Throws `name_taken`. */
  create(workspace: string, body: Body): Promise<Kept<Body>>;
  /** Writes what `change` makes of it. Throws as `require` and `create`. */
  change(workspace: string, id: string, change: (body: Body) => Promise<Body>): Promise<Kept<Body>>;
  /** Throws as `require`. */
  remove(workspace: string, id: string): Promise<void>;
}

export interface SavedDefinitionsParts {
  readonly store: DefinitionStore;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
}

/** Others may change a definition between a read and a write; so often is tried again. */
const MAX_ATTEMPTS = 10;

const NOT_FOUND = { agent: 'agent_not_found', flow: 'flow_not_found' } as const satisfies Record<
  string,
  ErrorCode
>;

export function savedDefinitions<Body extends { readonly name: string }>(
  kind: 'agent' | 'flow',
  schema: z.ZodMiniType<Body>,
  { store, clock, newId }: SavedDefinitionsParts,
): SavedDefinitions<Body> {
  const read = ({ id, body, createdAtMs, updatedAtMs }: StoredDefinition): Kept<Body> => ({
    id,
    body: schema.parse(body),
    createdAtMs,
    updatedAtMs,
  });
  const find = async (workspace: string, id: string) => {
    const stored = await store.definition(workspace, kind, id);
    return stored === undefined ? undefined : read(stored);
  };
  const notFound = (id: string) =>
    new RequestError(NOT_FOUND[kind], `There is no saved ${kind} "${id}".`, {
      hint: `\`GET /v1/${kind}s\` lists those of this API key's workspace.`,
    });
  const taken = (name: string) =>
    new RequestError('name_taken', `Another saved ${kind} is called "${name}".`, {
      hint: `Choose another name, or change that ${kind} with \`PUT /v1/${kind}s/{id}\`.`,
    });
  return {
    find,
    async page(workspace, { cursor, limit }) {
      const after = cursor === undefined ? undefined : nameAt(cursor);
      const found = await store.definitions(workspace, kind, { after, limit: limit + 1 });
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      return {
        data: shown.map(read),
        nextCursor: found.length > limit && last !== undefined ? cursorAt(last.name) : null,
      };
    },
    async require(workspace, id) {
      const kept = await find(workspace, id);
      if (kept === undefined) throw notFound(id);
      return kept;
    },
    async create(workspace, body) {
      requireSize(body);
      const nowMs = clock();
      const stored: StoredDefinition = {
        id: newId(ID_PREFIX[kind]),
        workspace,
        kind,
        name: body.name,
        body,
        lastModifiedSource: 'api',
        version: 1,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      };
      if (!(await store.insertDefinition(stored))) throw taken(body.name);
      return read(stored);
    },
    async change(workspace, id, change) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const stored = await store.definition(workspace, kind, id);
        if (stored === undefined) throw notFound(id);
        const body = await change(schema.parse(stored.body));
        requireSize(body);
        const next: StoredDefinition = {
          ...stored,
          name: body.name,
          body,
          lastModifiedSource: 'api',
          version: stored.version + 1,
          updatedAtMs: Math.max(clock(), stored.updatedAtMs),
        };
        if (await store.updateDefinition(next)) return read(next);
        const namesake = await store.definitionByName(workspace, kind, body.name);
        if (namesake !== undefined && namesake.id !== id) throw taken(body.name);
      }
      throw new RequestError('execution_conflict', `Others keep changing this ${kind}.`, {
        hint: 'Try again in a moment.',
      });
    },
    async remove(workspace, id) {
      if (!(await store.removeDefinition(workspace, kind, id))) throw notFound(id);
    },
  };
}

function requireSize(body: unknown): void {
  const chars = JSON.stringify(body).length;
  if (chars <= MAX_DEFINITION_CHARS) return;
  throw new RequestError('invalid_request', `The definition has ${chars} characters.`, {
    hint: `Write at most ${MAX_DEFINITION_CHARS}. What is longer belongs into a tool that the model asks.`,
  });
}

function cursorAt(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64url');
}

function nameAt(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString('utf8');
  if (name !== '' && name.length <= 200 && cursorAt(name) === cursor) return name;
  throw new RequestError('invalid_cursor', 'The cursor to go on from is none of this server.', {
    hint: 'Send the `nextCursor` of the page before, or none for the first page.',
  });
}
