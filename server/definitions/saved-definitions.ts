import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod/mini';
import type { ErrorCode } from '../../protocol/error.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { MAX_DEFINITION_CHARS } from '../../protocol/limits.ts';
import { RequestError } from '../errors.ts';
import type { DefinitionKind, DefinitionStore, StoredDefinition } from '../store/definition-store.ts';

/** A definition of the API with what the server knows of it. */
export interface Kept<Body>
  extends Pick<
    StoredDefinition,
    'id' | 'lastModifiedSource' | 'managedBy' | 'version' | 'createdAtMs' | 'updatedAtMs'
  > {
  readonly body: Body;
}

interface Page<Body> {
  /** By name. */
  readonly data: readonly Kept<Body>[];
  readonly nextCursor: string | null;
}

interface PageWanted<Body> {
  readonly cursor: string | undefined;
  readonly limit: number;
  /** Default: all. */
  readonly where?: (body: Body) => boolean;
}

/** What the workspaces keep of one kind. What is another workspace's is not there. */
export interface SavedDefinitions<Body> {
  /** Throws `invalid_cursor`. */
  page(workspace: string, wanted: PageWanted<Body>): Promise<Page<Body>>;
  find(workspace: string, id: string): Promise<Kept<Body> | undefined>;
  findByName(workspace: string, name: string): Promise<Kept<Body> | undefined>;
  /** Throws `agent_not_found`, `flow_not_found`, `tool_not_found`. */
  require(workspace: string, id: string): Promise<Kept<Body>>;
  /** Throws `name_taken`. */
  create(workspace: string, body: Body): Promise<Kept<Body>>;
  /** Writes what `change` makes of it, unless it is what it was. Throws as `require` and `create`. */
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

/** How many are looked at in one go while a page is filled. */
const READ_AT_ONCE = 200;

const NOT_FOUND = {
  agent: 'agent_not_found',
  flow: 'flow_not_found',
  tool: 'tool_not_found',
} as const satisfies Record<DefinitionKind, ErrorCode>;

export function savedDefinitions<Body extends { readonly name: string }>(
  kind: DefinitionKind,
  schema: z.ZodMiniType<Body>,
  { store, clock, newId }: SavedDefinitionsParts,
): SavedDefinitions<Body> {
  const read = ({ body, workspace, name, kind, ...kept }: StoredDefinition): Kept<Body> => ({
    ...kept,
    body: schema.parse(body),
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
    async findByName(workspace, name) {
      const stored = await store.definitionByName(workspace, kind, name);
      return stored === undefined ? undefined : read(stored);
    },
    async page(workspace, { cursor, limit, where }) {
      const atOnce = where === undefined ? limit + 1 : READ_AT_ONCE;
      const found: Kept<Body>[] = [];
      let after = cursor === undefined ? undefined : nameAt(cursor);
      for (let isMore = true; isMore && found.length <= limit; ) {
        const stored = await store.definitions(workspace, kind, { after, limit: atOnce });
        found.push(...stored.map(read).filter(({ body }) => where?.(body) ?? true));
        isMore = stored.length === atOnce;
        after = stored.at(-1)?.name;
      }
      const data = found.slice(0, limit);
      const last = data.at(-1);
      return {
        data,
        nextCursor: found.length > limit && last !== undefined ? cursorAt(last.body.name) : null,
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
        const kept = read(stored);
        if (isDeepStrictEqual(body, kept.body)) return kept;
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
