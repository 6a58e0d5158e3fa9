import { z } from 'zod';
import { isScope, SCOPE_RESOURCES } from '../../protocol/credentials.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { DEFAULT_MAX_TOOL_CALLS, DEFAULT_PAUSE_MINUTES } from '../../protocol/limits.ts';
import { isToolPattern } from '../policy.ts';
import type { RetentionDays, SurfaceLimits } from './config.ts';
import type { ConfigInput, SecretInput } from './define-config.ts';
import { Egress } from './egress.ts';
import { checked, expected, fields, flag, kindOf, list, text, whole } from './fields.ts';
import { FileFields, Files } from './files.ts';
import { McpServers } from './mcp-servers.ts';
import { modelNameProblem } from './model-name.ts';
import { originProblem } from './origin.ts';
import { ServerTool } from './server-tool.ts';
import { ToolChoiceFields } from './tool-choice.ts';

export const DEFAULT_LIMITS: SurfaceLimits = {
  messagesPerMinute: 20,
  requestsPerMinute: 3_000,
  messagesPerSession: 500,
  sessionMinutes: 60,
  concurrentRuns: 200,
};

export const DEFAULT_RETENTION_DAYS: RetentionDays = { conversations: 365, events: 30 };

/** Of surfaces and API keys that name none. */
export const DEFAULT_WORKSPACE = 'default';

const Id = checked('"store"', (value) =>
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(value)
    ? undefined
    : 'must be 1 to 64 letters, digits, "_" or "-", and start with a letter or a digit. Write for example "store".',
);

const SavedId = (kind: 'agent' | 'flow') =>
  checked(`"${kind}_…"`, (value) =>
    new RegExp(`^${ID_PREFIX[kind]}[A-Za-z0-9_-]{1,200}$`).test(value)
      ? undefined
      : `is not the id of a saved ${kind}. Write the "id" that \`POST /v1/${kind}s\` answered with, "${ID_PREFIX[kind]}…".`,
  );

const ToolPattern = checked('"search_*"', (value) =>
  isToolPattern(value)
    ? undefined
    : 'is not a tool pattern. Write the exact name of a tool, or a prefix and one "*" at its end, for example "search_*".',
);

const ToolName = checked('"lookup_order"', (value) =>
  /^\P{C}{1,128}$/u.test(value) && !value.includes('*')
    ? undefined
    : 'is not a tool name. Write the exact name of one tool, for example "lookup_order".',
);

const Secret = (example: string) =>
  z.custom<SecretInput>((value) => secretProblem(value, example) === undefined, {
    error: ({ input }) => secretProblem(input, example),
  });

/** Never shows what was written: it may be the secret itself, in the wrong place. */
function secretProblem(value: unknown, example: string): string | undefined {
  const spellings = `Write for example ${example}, or { "env": "NAME" } with the name of the environment variable that holds it.`;
  if (value === undefined) return `is missing. ${spellings}`;
  if (typeof value === 'string') return undefined;
  if (typeof value !== 'object' || value === null) {
    return `must be text or name an environment variable, and is ${kindOf(value)}. ${spellings}`;
  }
  const { env, ...others } = value as { readonly env?: unknown };
  if (typeof env !== 'string' || Object.keys(others).length > 0) {
    return `must be text or an object with the one field "env". ${spellings}`;
  }
  if (/^(ct|sk)_(live|test)_/.test(env)) {
    return `has the credential itself in "env". Put its value into an environment variable and write the variable's name here.`;
  }
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(env))
    return `does not name an environment variable in "env". ${spellings}`;
  return undefined;
}

const Agent = fields(
  {
    id: Id.optional(),
    name: text('"Store assistant"', 100).optional(),
    model: checked('"offline"', modelNameProblem).optional(),
    instructions: z
      .string(expected('text', '"You help customers of the store."'))
      .refine((value) => value.length <= 100_000, { error: 'is too long. Write at most 100000 characters.' })
      .optional(),
    maxToolCalls: whole(0, 100, DEFAULT_MAX_TOOL_CALLS),
    pauseMinutes: whole(1, 43_200, DEFAULT_PAUSE_MINUTES),
    tools: list(ServerTool, '[defineServerTool({ … })]').optional(),
    uses: ToolChoiceFields.optional(),
  },
  '{ "instructions": "You help customers of the store." }',
);

const Copy = fields(
  {
    title: text('"Store help"', 100).optional(),
    welcomeMessage: text('"What can I do for you?"', 2_000).optional(),
    placeholder: text('"Ask about our products"', 200).optional(),
    suggestions: list(text('"Where is my order?"', 200), '["Where is my order?"]')
      .refine((value) => value.length <= 8, { error: 'has too many entries. Write at most 8.' })
      .optional(),
  },
  '{ "title": "Store help" }',
);

const AllowlistRule = fields(
  {
    origin: checked('"https://store.example.com"', (value) =>
      value === '*' ? undefined : originProblem(value),
    ),
    tools: list(ToolPattern, '["search_*"]').refine((value) => value.length > 0, {
      error: 'names no tool, so the rule admits nothing. Write for example ["search_*"], or remove the rule.',
    }),
  },
  '{ "origin": "https://store.example.com", "tools": ["search_*"] }',
);

const Behavior = fields(
  {
    webmcp: fields(
      {
        enabled: flag(),
        allowlist: list(AllowlistRule, '[{ "origin": "*", "tools": ["search_*"] }]').optional(),
        requireConfirmFor: list(ToolPattern, '["checkout"]').optional(),
        autoApprove: list(ToolPattern, '["search_*"]').optional(),
      },
      '{ "enabled": true }',
    ).optional(),
    sdkTools: list(ToolName, '["lookup_order"]').optional(),
  },
  '{ "webmcp": { "enabled": true } }',
);

const Limits = fields(
  {
    messagesPerMinute: whole(1, 10_000, DEFAULT_LIMITS.messagesPerMinute),
    requestsPerMinute: whole(1, 1_000_000, DEFAULT_LIMITS.requestsPerMinute),
    messagesPerSession: whole(1, 1_000_000, DEFAULT_LIMITS.messagesPerSession),
    sessionMinutes: whole(3, 43_200, DEFAULT_LIMITS.sessionMinutes),
    concurrentRuns: whole(1, 10_000, DEFAULT_LIMITS.concurrentRuns),
  },
  '{ "messagesPerMinute": 20 }',
);

const Retention = fields(
  {
    conversations: whole(1, 3_650, DEFAULT_RETENTION_DAYS.conversations),
    events: whole(1, 3_650, DEFAULT_RETENTION_DAYS.events),
  },
  '{ "conversations": 365, "events": 30 }',
);

/** What the site signs with may be guessed offline: it has to be long. */
export const MIN_IDENTITY_SECRET_CHARS = 32;

const Identity = fields(
  { secret: Secret('{ "env": "PAGEHAND_IDENTITY_SECRET" }'), required: flag() },
  '{ "secret": { "env": "PAGEHAND_IDENTITY_SECRET" } }',
);

const MediaHost = checked('"images.example.com"', (value) =>
  /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}(:[0-9]{1,5})?$/.test(value) ||
  /^localhost(:[0-9]{1,5})?$/.test(value)
    ? undefined
    : 'is not a host. Write it in lower case without scheme and path, for example "images.example.com", or "*.example.com" for all below a domain.',
);

const MAX_THEME_TOKENS = 100;

const Theme = fields(
  {
    tokens: z
      .record(
        z.string(),
        z.string(expected('text', '"#1a5fb4"')).refine((value) => /^[^;{}<>\p{C}]{1,300}$/u.test(value), {
          error:
            'is not a value of a style: 1 to 300 characters without ";", "{", "}", "<" or ">". Write for example "#1a5fb4".',
        }),
        expected('an object', '{ "accent": "#1a5fb4" }'),
      )
      .refine((tokens) => Object.keys(tokens).length <= MAX_THEME_TOKENS, {
        error: `has too many entries. Write at most ${MAX_THEME_TOKENS}.`,
      })
      .superRefine((tokens, context) => {
        for (const name of Object.keys(tokens)) {
          if (/^[a-z][a-z0-9-]{0,63}$/.test(name)) continue;
          const message =
            'is not the name of a token: lower-case letters, digits and "-". Write for example "accent".';
          context.addIssue({ code: 'custom', message, path: [name] });
        }
      }),
  },
  '{ "tokens": { "accent": "#1a5fb4" } }',
);

const ClientToken = fields(
  {
    token: Secret('"ct_test_store"'),
    allowedOrigins: list(
      checked('"https://store.example.com"', (value) =>
        value === 'null' ? undefined : originProblem(value),
      ),
      '["https://store.example.com"]',
    ).refine((value) => value.length > 0, {
      error:
        'names no origin, so no page can use the token. Write for example ["https://store.example.com"].',
    }),
    environment: z
      .enum(['live', 'test'], { error: 'must be "live" or "test". The default is what the token says.' })
      .optional(),
    isActive: flag(),
  },
  '{ "token": "ct_test_store", "allowedOrigins": ["https://store.example.com"] }',
);

const Surface = fields(
  {
    id: Id,
    workspace: Id.optional(),
    agent: Agent.optional(),
    agentId: SavedId('agent').optional(),
    flowId: SavedId('flow').optional(),
    copy: Copy.optional(),
    behavior: Behavior.optional(),
    history: flag(),
    identity: Identity.optional(),
    mediaHosts: list(MediaHost, '["images.example.com"]')
      .refine((value) => value.length <= 50, { error: 'has too many entries. Write at most 50.' })
      .optional(),
    csat: flag(),
    theme: Theme.optional(),
    files: Files.optional(),
    limits: Limits.optional(),
    retentionDays: Retention.optional(),
    clientTokens: list(
      ClientToken,
      '[{ "token": "ct_test_store", "allowedOrigins": ["https://store.example.com"] }]',
    ).optional(),
  },
  '{ "id": "store" }',
);

const ApiKey = fields(
  {
    key: Secret('"sk_test_local"'),
    scopes: list(
      checked('"DISPATCH:*"', (value) =>
        isScope(value)
          ? undefined
          : `is not a scope. Write "DISPATCH:*", or "*" for everything, or one of ${SCOPE_RESOURCES.join(', ')} with ":READ", ":WRITE" or ":*".`,
      ),
      '["DISPATCH:*"]',
    ).refine((value) => value.length > 0, {
      error: 'is empty, so the key may do nothing. Write ["DISPATCH:*"].',
    }),
    workspace: Id.optional(),
  },
  '{ "key": "sk_test_local", "scopes": ["DISPATCH:*"] }',
);

/** The file, as it is written. Credentials, duplicates and environment variables are looked at afterwards. */
export const ConfigFile = fields(
  {
    surfaces: list(Surface, '[{ "id": "store" }]').optional(),
    apiKeys: list(ApiKey, '[{ "key": "sk_test_local", "scopes": ["DISPATCH:*"] }]').optional(),
    mcpServers: McpServers.optional(),
    egress: Egress.optional(),
  },
  '{ "surfaces": [{ "id": "store" }] }',
) satisfies z.ZodType<ConfigInput>;

/** The names that are known at a place of the file, for "did you mean". */
export function fieldsAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = ConfigFile;
  for (const key of path) {
    const place = unwrapped(schema);
    if (place instanceof z.ZodArray) schema = place.element;
    else if (place instanceof z.ZodObject) schema = place.shape[String(key)];
    else return [];
  }
  const place = unwrapped(schema);
  return place instanceof z.ZodObject ? Object.keys(place.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  if (schema === Files) return FileFields;
  return schema instanceof z.ZodOptional || schema instanceof z.ZodReadonly
    ? unwrapped(schema.unwrap())
    : schema;
}
