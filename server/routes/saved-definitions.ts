import type * as z from 'zod/mini';
import type { ScopeResource } from '../../protocol/credentials.ts';
import type { DefinitionWarning } from '../../protocol/saved.ts';
import {
  DefinitionRequest,
  DefinitionsRequest,
  DeleteDefinitionResponse,
} from '../../protocol/saved-definitions.ts';
import type { Kept, SavedDefinitions } from '../definitions/saved-definitions.ts';
import type { Finding } from '../tools/kind.ts';
import { pageSize } from './page-size.ts';
import { jsonAnswer, type KeyRoute, keyRoute } from './route.ts';

interface DefinitionRouteParts<Body> {
  readonly path: string;
  readonly scope: ScopeResource;
  readonly word: 'agent' | 'flow';
  /** With its article. */
  readonly one: string;
  readonly notFound: 'agent_not_found' | 'flow_not_found';
  readonly body: z.ZodMiniType<Body>;
  readonly change: z.ZodMiniType<{ readonly id: string }>;
  readonly answers: Readonly<Record<'one' | 'written' | 'page', z.ZodMiniType>>;
  readonly saved: SavedDefinitions<Body>;
  /** Throws what keeps it from being saved. */
  readonly review: (body: Body) => Promise<readonly Finding[]>;
}

const WRITE_ERRORS = ['name_taken', 'invalid_tool', 'too_many_runtime_tools'] as const;

/** The routes of one kind of what is saved whole: agents and flows. */
export function definitionRoutes<Body extends object>(parts: DefinitionRouteParts<Body>): KeyRoute[] {
  const { path, scope, word, one, notFound, body, answers, saved, review } = parts;
  const noun = word.charAt(0).toUpperCase() + word.slice(1);
  return [
    keyRoute({
      method: 'POST',
      path,
      scope,
      operation: `create${noun}`,
      summary: `Saves ${one}.`,
      request: body,
      answer: { description: `The ${word}.`, json: answers.written },
      errors: [...WRITE_ERRORS],
      async handle(_, definition, { workspace }) {
        const findings = await review(definition);
        return written(await saved.create(workspace, definition), findings);
      },
    }),
    keyRoute({
      method: 'GET',
      path,
      scope,
      operation: `list${noun}s`,
      summary: `Lists the workspace's saved ${word}s by name.`,
      request: DefinitionsRequest,
      answer: { description: 'One page.', json: answers.page },
      errors: ['invalid_cursor'],
      async handle(_, { cursor, limit }, { workspace }) {
        const { data, nextCursor } = await saved.page(workspace, { cursor, limit: pageSize(limit) });
        return jsonAnswer({ data: data.map(told), nextCursor });
      },
    }),
    keyRoute({
      method: 'GET',
      path: `${path}/{id}`,
      scope,
      operation: word,
      summary: `Gives a saved ${word}.`,
      request: DefinitionRequest,
      answer: { description: `The ${word}.`, json: answers.one },
      errors: [notFound],
      async handle(_, { id }, { workspace }) {
        return jsonAnswer(told(await saved.require(workspace, id)));
      },
    }),
    keyRoute({
      method: 'PUT',
      path: `${path}/{id}`,
      scope,
      operation: `update${noun}`,
      summary: `Changes a saved ${word}. Executions that run or wait keep what they began with.`,
      request: parts.change,
      answer: { description: `The ${word}.`, json: answers.written },
      errors: [...WRITE_ERRORS, notFound, 'execution_conflict'],
      async handle(_, { id, ...change }, { workspace }) {
        let findings: readonly Finding[] = [];
        const kept = await saved.change(workspace, id, async (before) => {
          const definition = changed(body, before, change);
          findings = await review(definition);
          return definition;
        });
        return written(kept, findings);
      },
    }),
    keyRoute({
      method: 'DELETE',
      path: `${path}/{id}`,
      scope,
      operation: `delete${noun}`,
      summary: `Deletes a saved ${word}. Executions that run or wait go on.`,
      request: DefinitionRequest,
      answer: { description: 'It is gone.', json: DeleteDefinitionResponse },
      errors: [notFound],
      async handle(_, { id }, { workspace }) {
        await saved.remove(workspace, id);
        return jsonAnswer({ id, deleted: true } satisfies DeleteDefinitionResponse);
      },
    }),
  ];
}

function written(kept: Kept<object>, findings: readonly Finding[]): Response {
  return jsonAnswer({ ...told(kept), ...validationOf(findings) });
}

function told({ id, body, createdAtMs, updatedAtMs }: Kept<object>): object {
  const [createdAt, updatedAt] = [createdAtMs, updatedAtMs].map((ms) => new Date(ms).toISOString());
  return { id, ...body, createdAt, updatedAt };
}

/** The fields of a change in place of those that were there; `null` takes one away. */
function changed<Body>(schema: z.ZodMiniType<Body>, before: object, change: object): Body {
  const fields = Object.entries({ ...before, ...change }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return schema.parse(Object.fromEntries(fields));
}

export function validationOf(findings: readonly Finding[]): {
  validation: { warnings: DefinitionWarning[] };
} {
  return { validation: { warnings: findings.map((finding) => ({ ...finding })) } };
}
