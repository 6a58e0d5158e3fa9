import * as z from 'zod/mini';
import { ToolDefinition, ToolType } from './definition.ts';
import { Id } from './ids.ts';
import { MAX_TOOL_DESCRIPTION_CHARS } from './limits.ts';
import { JsonSchema } from './tool.ts';

/** Segments of `/v1/tools/…` that are routes. A tool with such a name could not be addressed by it. */
export const RESERVED_TOOL_NAMES: readonly string[] = [
  'ensure',
  'pull',
  'scoped',
  'available',
  'custom',
  'probe',
  'test',
  'schemas',
  'built-in',
  'execute',
];

const Bag = z.record(z.string(), z.unknown());

const DefinitionName = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(100),
    z.describe(
      'The identity of the tool within the workspace of the API key. Renaming it makes another tool.',
    ),
  );

export const ContentHash = z
  .string()
  .check(
    z.regex(/^[0-9a-f]{64}$/),
    z.describe(
      'SHA-256, in lower-case hexadecimal, of the canonical form (RFC 8785) of `{ toolType, description, ' +
        'parametersSchema, config }`. The server computes it anew for every answer; echo the one it gave.',
    ),
  );

/** Who wrote it last. */
export const WriteSource = z
  .enum(['ensure', 'api'])
  .check(z.describe('Who wrote it last: `ensure`, from a repository, or `api`, by the other routes.'));
export type WriteSource = z.infer<typeof WriteSource>;

/** Something to say of a definition. Errors are refused, so that answers hold warnings only. */
export const DefinitionWarning = z.object({
  severity: z.enum(['warning', 'error']),
  code: z.string().check(z.describe('For machines, in snake case.')),
  message: z.string(),
  suggestion: z.optional(z.string().check(z.describe('How to mend it.'))),
  path: z.optional(z.string().check(z.describe('The field, as `config.url`.'))),
  line: z.optional(z.number().check(z.describe('In code, from 1.'))),
  column: z.optional(z.number()),
});
export type DefinitionWarning = z.infer<typeof DefinitionWarning>;

const Validation = z
  .object({ warnings: z.array(DefinitionWarning) })
  .check(z.describe('What is odd about the definition and does not keep it from being saved.'));

/**
 * A definition as it was sent. What is wrong with it is said by its review, in sentences, and not by this schema; the
 * OpenAPI document shows `ToolDefinition` here.
 */
const SubmittedDefinition = z
  .record(z.string(), z.unknown())
  .register(z.globalRegistry, { $ref: '#/components/schemas/ToolDefinition' });

/** A tool that is kept on the server. */
export const SavedTool = z.object({
  id: Id.check(z.describe('`tool_…`: what `toolIds` of agents, steps and requests name.')),
  name: DefinitionName,
  description: z
    .string()
    .check(z.describe(`A model reads its first ${MAX_TOOL_DESCRIPTION_CHARS} characters.`)),
  toolType: ToolType,
  parametersSchema: JsonSchema,
  config: Bag,
  contentHash: ContentHash,
  lastModifiedSource: WriteSource,
  managedBy: z
    .nullable(z.literal('ensure'))
    .check(
      z.describe('`ensure`: it is kept as code, and an edit by the API conflicts with the next ensure.'),
    ),
  createdAt: z.string().check(z.describe('ISO 8601.')),
  updatedAt: z.string().check(z.describe('ISO 8601.')),
});
export type SavedTool = z.infer<typeof SavedTool>;

/** The answer of whatever writes a tool. */
export const SavedToolResponse = z.extend(SavedTool, { validation: Validation });
export type SavedToolResponse = z.infer<typeof SavedToolResponse>;

/** `POST /v1/tools`: the definition itself. */
export const CreateToolRequest = SubmittedDefinition;

/** `PUT /v1/tools/{id}`: the fields that change. */
export const UpdateToolRequest = z.looseObject({
  id: Id,
  name: z.optional(z.unknown().check(z.describe('Its new name. Tools kept as code are found by it.'))),
  description: z.optional(z.unknown().check(z.describe('Text.'))),
  toolType: z.optional(z.unknown().check(z.describe('One of those of `ToolDefinition`.'))),
  parametersSchema: z.optional(z.unknown().check(z.describe('A JSON Schema of an object, as a whole.'))),
  config: z.optional(z.unknown().check(z.describe('As `ToolDefinition` has it for the type, as a whole.'))),
});

export const ToolRequest = z.object({ id: Id });

export const ToolsRequest = z.object({
  cursor: z.optional(z.string().check(z.describe('`nextCursor` of the page before.'))),
  limit: z.optional(z.string().check(z.describe('1 to 100. Default 25.'))),
  toolType: z.optional(ToolType),
  name: z.optional(z.string().check(z.describe('A part of the name, in any case.'))),
});

export const ToolsResponse = z.object({
  data: z.array(SavedTool).check(z.describe('In the order of their names.')),
  nextCursor: z.nullable(z.string()),
});
export type ToolsResponse = z.infer<typeof ToolsResponse>;

export const DeleteToolResponse = z.object({ id: Id, deleted: z.literal(true) });
export type DeleteToolResponse = z.infer<typeof DeleteToolResponse>;

/** What one call outside of a conversation is made with. */
const called = {
  parameters: z.optional(
    Bag.check(z.describe('Arguments, which must fit the parameters schema. Default: none.')),
  ),
  secrets: z.optional(
    z
      .record(z.string(), z.string())
      .check(z.describe('For `{{secrets.key}}`. Kept in memory for the time of the call.')),
  ),
  record: z.optional(Bag.check(z.describe('For `{{_record.field}}`.'))),
  user: z.optional(Bag.check(z.describe('For `{{_user.id}}`.'))),
};

/** `POST /v1/tools/{id}/execute`. */
export const ExecuteToolRequest = z.object({ id: Id, ...called });

/** `POST /v1/tools/{id}/test`: the saved tool, or what it would be with other fields. */
export const TestSavedToolRequest = z.object({
  id: Id,
  ...called,
  definition: z.optional(
    Bag.check(
      z.describe('Fields of the definition that differ from the saved ones in this call. Nothing is saved.'),
    ),
  ),
});

/** `POST /v1/tools/test`: a tool that is not saved. */
export const TestToolRequest = z.object({ ...called, definition: SubmittedDefinition });

export const ExecuteToolResponse = z.object({
  executionId: Id.check(z.describe('Its receipt is found by it.')),
  executionTimeMs: z.number(),
  status: z.enum(['success', 'error']),
  result: z.optional(z.unknown().check(z.describe('Of a success: what the tool gave, JSON or text.'))),
  error: z.optional(
    z.object({
      code: z.string().check(z.describe('Why the call came to nothing, for machines.')),
      message: z.string(),
    }),
  ),
  validation: z.optional(Validation),
});
export type ExecuteToolResponse = z.infer<typeof ExecuteToolResponse>;

/** `POST /v1/tools/ensure`: a probe without `definition`, else the whole of it. */
export const EnsureRequest = z.object({
  name: DefinitionName,
  contentHash: z.optional(ContentHash),
  definition: z.optional(SubmittedDefinition),
  dryRun: z.optional(z.boolean().check(z.describe('Says what would change, and writes nothing.'))),
  expectedRemoteHash: z.optional(
    z
      .nullable(ContentHash)
      .check(
        z.describe(
          'Writes only while the saved tool has this hash, as `remoteHash` of a plan gave it; `null`: while there is none.',
        ),
      ),
  ),
  onConflict: z.optional(
    z
      .enum(['error', 'overwrite'])
      .check(z.describe('What becomes of an edit that did not come by ensure. Default `error`: 409.')),
  ),
});
export type EnsureRequest = z.infer<typeof EnsureRequest>;

/** What would stop an ensure: both are codes of 409 when it is not a dry run. */
const EnsureConflict = z.object({
  code: z.enum(['external_modification', 'remote_changed']),
  message: z.string(),
});

const ChangedKeys = z
  .array(z.string())
  .check(
    z.describe(
      '`toolType`, `description`, `parametersSchema` and `config.<key>`, those that go away included.',
    ),
  );

export const EnsureResponse = z.discriminatedUnion('result', [
  z.object({
    result: z.enum(['unchanged', 'created', 'updated']),
    toolId: Id,
    contentHash: ContentHash,
    /** Where a definition came with the request. */
    validation: z.optional(Validation),
  }),
  z.object({
    result: z.literal('definitionRequired').check(z.describe('Send it again with `definition`.')),
    /** Of the saved tool; `null`: there is none. */
    contentHash: z.nullable(ContentHash),
  }),
  z.object({
    result: z.literal('plan'),
    changes: z.enum(['none', 'create', 'update']),
    changedKeys: ChangedKeys,
    /** Of the definition that was sent. */
    contentHash: ContentHash,
    /** Of the saved tool; `null`: there is none. */
    remoteHash: z.nullable(ContentHash),
    conflict: z.optional(EnsureConflict),
    validation: z.optional(Validation),
  }),
]);
export type EnsureResponse = z.infer<typeof EnsureResponse>;

export const PullRequest = z.object({ name: DefinitionName });

/** `GET /v1/tools/pull`. */
export const PullResponse = z.object({
  toolId: Id,
  /** As `ensure` takes it, header names in lower case. */
  definition: ToolDefinition,
  contentHash: ContentHash,
  lastModifiedSource: z.nullable(WriteSource),
  updatedAt: z.nullable(z.string().check(z.describe('ISO 8601.'))),
});
export type PullResponse = z.infer<typeof PullResponse>;
