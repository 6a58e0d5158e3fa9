import { createSecretKey } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ClientToken } from '../../protocol/ids.ts';
import { DEFAULT_MAX_TOOL_CALLS, DEFAULT_PAUSE_MINUTES } from '../../protocol/limits.ts';
import type { JsonSchema } from '../../protocol/tool.ts';
import { hashCredential, labelOf } from '../credentials.ts';
import { defineServerTool, type ServerToolInput } from '../tools/define-server-tool.ts';
import type { ServerTool } from '../tools/tool.ts';
import type { Agent, ApiKeyConfig, ClientTokenConfig, Config, IdentityConfig, Surface } from './config.ts';
import type { ClientTokenInput, ConfigInput, SecretInput, SurfaceInput } from './define-config.ts';
import { resolveEgress } from './egress.ts';
import type { EnvironmentVariables } from './environment.ts';
import { resolveFiles } from './files.ts';
import { resolveMcpServers } from './mcp-servers.ts';
import { nearest } from './nearest.ts';
import { type Problem, refuse } from './problems.ts';
import {
  ConfigFile,
  DEFAULT_LIMITS,
  DEFAULT_RETENTION_DAYS,
  DEFAULT_WORKSPACE,
  fieldsAt,
  MIN_IDENTITY_SECRET_CHARS,
} from './schema.ts';
import { resolveToolChoice } from './tool-choice.ts';

export interface ResolveOptions {
  /** Names the file in errors. */
  readonly file: string;
  readonly env: EnvironmentVariables;
  /** Of agents that name none. */
  readonly model: string;
}

type Path = readonly PropertyKey[];

/** What is being read, and all that was found wrong so far. */
interface Reading extends ResolveOptions {
  readonly problems: Problem[];
}

/** Checks what an operator wrote and fills in every default. Throws a `ConfigError` that names everything that is wrong. */
export function resolveConfig(input: unknown, options: ResolveOptions): Config {
  const reading: Reading = { ...options, problems: [] };
  const parsed = parse(input, options.file);
  const { surfaces: surfaceInputs = [], apiKeys: keyInputs = [] } = parsed;
  if (surfaceInputs.length + keyInputs.length === 0) {
    refuse(options.file, [
      {
        path: [],
        sentence:
          'has neither a surface nor an API key. Add one, for example { "surfaces": [{ "id": "store" }] }.',
      },
    ]);
  }
  const surfaces = surfaceInputs.map((surface, index) =>
    resolveSurface(reading, ['surfaces', index], surface),
  );
  const apiKeys = keyInputs.map(({ key, scopes, workspace = DEFAULT_WORKSPACE }, index): ApiKeyConfig => {
    const credential = resolveCredential(reading, ['apiKeys', index, 'key'], key, API_KEY);
    return { hash: credential.hash, label: credential.label, scopes, workspace };
  });
  const mcpServers = resolveMcpServers(parsed.mcpServers, (path, secret) =>
    resolveSecret(reading, ['mcpServers', ...path], secret, MCP_CREDENTIAL),
  );
  refuseDuplicates(reading, surfaces, apiKeys);
  if (reading.problems.length > 0) refuse(options.file, reading.problems);
  return { surfaces, apiKeys, model: options.model, mcpServers, egress: resolveEgress(parsed.egress) };
}

function parse(input: unknown, file: string): ConfigInput {
  const result = ConfigFile.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue): readonly Problem[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          path: [...issue.path, key],
          sentence: unknownField(key, fieldsAt(issue.path)),
        }))
      : [{ path: issue.path, sentence: issue.message }],
  );
  return refuse(file, problems);
}

function unknownField(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  if (meant !== undefined) return `is not a known field. Did you mean "${meant}"?`;
  return `is not a known field. Known here: ${known.map((name) => `"${name}"`).join(', ')}.`;
}

function resolveSurface(reading: Reading, path: Path, input: SurfaceInput): Surface {
  const saved = savedOf(reading, path, input);
  const agent: Agent = {
    id: saved?.id ?? input.agent?.id ?? input.id,
    name: saved?.id ?? input.agent?.name ?? input.id,
    model: input.agent?.model ?? reading.model,
    instructions: input.agent?.instructions ?? '',
    maxToolCalls: input.agent?.maxToolCalls ?? DEFAULT_MAX_TOOL_CALLS,
    pauseMinutes: input.agent?.pauseMinutes ?? DEFAULT_PAUSE_MINUTES,
    tools: (input.agent?.tools ?? []).map(resolveTool),
    uses: resolveToolChoice(input.agent?.uses),
  };
  const webmcp = input.behavior?.webmcp;
  return {
    id: input.id,
    saved,
    workspace: input.workspace ?? DEFAULT_WORKSPACE,
    agent,
    copy: {
      title: input.copy?.title ?? (saved === null ? agent.name : input.id),
      welcomeMessage: input.copy?.welcomeMessage ?? null,
      placeholder: input.copy?.placeholder ?? null,
      suggestions: input.copy?.suggestions ?? [],
    },
    behavior: {
      webmcp: {
        enabled: webmcp?.enabled ?? false,
        allowlist: webmcp?.allowlist ?? [],
        requireConfirmFor: webmcp?.requireConfirmFor ?? [],
        autoApprove: webmcp?.autoApprove ?? [],
      },
      sdkTools: input.behavior?.sdkTools ?? [],
    },
    hasHistory: input.history ?? true,
    identity: resolveIdentity(reading, [...path, 'identity'], input.identity),
    mediaHosts: [...new Set(input.mediaHosts ?? [])],
    hasCsat: input.csat ?? false,
    theme: input.theme === undefined ? null : { tokens: input.theme.tokens },
    files: resolveFiles(input.files),
    limits: {
      messagesPerMinute: input.limits?.messagesPerMinute ?? DEFAULT_LIMITS.messagesPerMinute,
      requestsPerMinute: input.limits?.requestsPerMinute ?? DEFAULT_LIMITS.requestsPerMinute,
      messagesPerSession: input.limits?.messagesPerSession ?? DEFAULT_LIMITS.messagesPerSession,
      sessionMinutes: input.limits?.sessionMinutes ?? DEFAULT_LIMITS.sessionMinutes,
      concurrentRuns: input.limits?.concurrentRuns ?? DEFAULT_LIMITS.concurrentRuns,
    },
    retentionDays: {
      conversations: input.retentionDays?.conversations ?? DEFAULT_RETENTION_DAYS.conversations,
      events: input.retentionDays?.events ?? DEFAULT_RETENTION_DAYS.events,
    },
    clientTokens: (input.clientTokens ?? []).map((token, index) =>
      resolveToken(reading, [...path, 'clientTokens', index], token),
    ),
  };
}

/** What answers in the agent's place. A surface has one that answers. */
function savedOf(reading: Reading, path: Path, input: SurfaceInput): Surface['saved'] {
  const { agent, agentId, flowId } = input;
  if (agentId !== undefined && flowId !== undefined) {
    const sentence = 'stands beside "agentId", and one of them answers. Remove the other.';
    reading.problems.push({ path: [...path, 'flowId'], sentence });
  }
  if (agent !== undefined && (agentId ?? flowId) !== undefined) {
    const field = agentId === undefined ? 'flowId' : 'agentId';
    const sentence = 'stands beside "agent", and one of them answers. Remove the other.';
    reading.problems.push({ path: [...path, field], sentence });
  }
  if (agentId !== undefined) return { kind: 'agent', id: agentId };
  return flowId === undefined ? null : { kind: 'flow', id: flowId };
}

/** The schema as it stands now: whatever the file goes on doing with it, calls are checked against what was checked. */
function resolveTool(input: ServerToolInput): ServerTool {
  const tool = defineServerTool(input);
  return { ...tool, parametersSchema: JSON.parse(JSON.stringify(tool.parametersSchema)) as JsonSchema };
}

function resolveToken(reading: Reading, path: Path, input: ClientTokenInput): ClientTokenConfig {
  const { hash, label, environment } = resolveCredential(
    reading,
    [...path, 'token'],
    input.token,
    CLIENT_TOKEN,
  );
  if (environment !== null && input.environment !== undefined && input.environment !== environment) {
    reading.problems.push({
      path: [...path, 'environment'],
      sentence: `says "${input.environment}", and the token starts with "ct_${environment}_". Leave the field out, or use a token that starts with "ct_${input.environment}_".`,
    });
  }
  return {
    hash,
    label,
    environment: environment ?? 'test',
    allowedOrigins: [...new Set(input.allowedOrigins)],
    isActive: input.isActive ?? true,
  };
}

function resolveIdentity(
  reading: Reading,
  path: Path,
  input: SurfaceInput['identity'],
): IdentityConfig | null {
  if (input === undefined) return null;
  const secret = resolveSecret(reading, [...path, 'secret'], input.secret, IDENTITY_SECRET);
  return secret === undefined
    ? null
    : { key: createSecretKey(Buffer.from(secret)), isRequired: input.required ?? false };
}

interface CredentialKind {
  readonly name: string;
  readonly example: string;
  matches(value: string): boolean;
}

const CLIENT_TOKEN: CredentialKind = {
  name: 'a client token',
  example: '"ct_live_" or "ct_test_" and 1 to 120 letters, digits, "_" or "-"',
  matches: (value) => ClientToken.safeParse(value).success,
};

const API_KEY: CredentialKind = {
  name: 'an API key',
  example: '"sk_live_" or "sk_test_" and 1 to 120 letters, digits, "_" or "-"',
  matches: (value) => /^sk_(live|test)_[A-Za-z0-9_-]{1,120}$/.test(value),
};

const IDENTITY_SECRET: CredentialKind = {
  name: 'a secret for proofs of identity',
  example: `at least ${MIN_IDENTITY_SECRET_CHARS} characters, as \`openssl rand -base64 32\` prints them`,
  matches: (value) => value.length >= MIN_IDENTITY_SECRET_CHARS,
};

const MCP_CREDENTIAL: CredentialKind = {
  name: 'a value for an MCP server',
  example: 'the key that the server gave you',
  matches: () => true,
};

interface Credential {
  /** Empty for one that was refused. */
  readonly hash: string;
  readonly label: string;
  readonly environment: 'live' | 'test' | null;
}

const NO_CREDENTIAL: Credential = { hash: '', label: '', environment: null };

/** Reads a credential and lets go of its value. */
function resolveCredential(
  reading: Reading,
  path: Path,
  secret: SecretInput,
  kind: CredentialKind,
): Credential {
  const value = resolveSecret(reading, path, secret, kind);
  if (value === undefined) return NO_CREDENTIAL;
  return {
    hash: hashCredential(value),
    label: labelOf(value),
    environment: value.slice(3, 7) === 'live' ? 'live' : 'test',
  };
}

/** Its value, where it is one. No problem ever shows it. */
function resolveSecret(
  reading: Reading,
  path: Path,
  secret: SecretInput,
  kind: CredentialKind,
): string | undefined {
  const variable = typeof secret === 'string' ? undefined : secret.env;
  const value = typeof secret === 'string' ? secret : (reading.env[secret.env] ?? '');
  if (variable !== undefined && value === '') {
    const sentence = `names the environment variable ${variable}, which is not set. Set it to ${kind.name}: ${kind.example}.`;
    reading.problems.push({ path, sentence });
    return undefined;
  }
  if (kind.matches(value)) return value;
  const subject =
    variable === undefined ? 'is not' : `names the environment variable ${variable}, which does not hold`;
  reading.problems.push({ path, sentence: `${subject} ${kind.name}. One is ${kind.example}.` });
  return undefined;
}

function refuseDuplicates(
  reading: Reading,
  surfaces: readonly Surface[],
  apiKeys: readonly ApiKeyConfig[],
): void {
  const first = new Map<string, Path>();
  const once = (path: Path, kind: string, value: string, sentence: string): void => {
    const key = `${kind} ${value}`;
    if (first.has(key)) reading.problems.push({ path, sentence });
    else first.set(key, path);
  };
  for (const [index, { id, agent, clientTokens }] of surfaces.entries()) {
    const path = ['surfaces', index];
    once(
      [...path, 'id'],
      'surface',
      id,
      `"${id}" is the id of another surface too. Give each surface its own id.`,
    );
    for (const [position, { name }] of agent.tools.entries()) {
      const sentence = `"${name}" is the name of another tool of this agent too. Give each tool its own name.`;
      once([...path, 'agent', 'tools', position, 'name'], `tool of surface ${index}`, name, sentence);
    }
    for (const [position, { hash }] of clientTokens.entries()) {
      if (hash === '') continue;
      const sentence = 'is given twice. A token opens one surface: write another one here.';
      once([...path, 'clientTokens', position, 'token'], 'token', hash, sentence);
    }
  }
  refuseAmbiguousAgents(reading, surfaces);
  refuseShadowedTools(reading, surfaces);
  for (const [index, { hash }] of apiKeys.entries()) {
    if (hash === '') continue;
    once(['apiKeys', index, 'key'], 'key', hash, 'is given twice. Write all scopes of a key in one entry.');
  }
}

/** Surfaces may share an agent; two different ones under one id would leave open which of them a dispatch means. */
function refuseAmbiguousAgents(reading: Reading, surfaces: readonly Surface[]): void {
  const known = new Map<string, Agent>();
  for (const [index, { agent }] of surfaces.entries()) {
    const path = ['surfaces', index, 'agent', 'id'];
    const other = known.get(agent.id);
    known.set(agent.id, other ?? agent);
    if (agent.id === INLINE_AGENT_ID && agent.tools.length > 0) {
      const sentence = `"${agent.id}" names the agents that requests bring along, and they get no tools. Write another id.`;
      reading.problems.push({ path, sentence });
    }
    if (other === undefined || isDeepStrictEqual(agent, other)) continue;
    const sameFunctions =
      agent.tools.length > 0 ? ', or write the agent once, its tools included, and use it in both' : '';
    reading.problems.push({
      path,
      sentence: `"${agent.id}" is the id of another agent too, which is not the same. Give one of them another id${sameFunctions}.`,
    });
  }
}

/** What `POST /v1/dispatch` calls an agent that its request describes. */
const INLINE_AGENT_ID = 'inline';

/** A server tool takes the name for itself, so that the browser's would never be offered. */
function refuseShadowedTools(reading: Reading, surfaces: readonly Surface[]): void {
  for (const [index, { agent, behavior }] of surfaces.entries()) {
    const names = new Set(agent.tools.map(({ name }) => name));
    for (const [position, name] of behavior.sdkTools.entries()) {
      if (!names.has(name)) continue;
      reading.problems.push({
        path: ['surfaces', index, 'behavior', 'sdkTools', position],
        sentence: `"${name}" is the name of a server tool of the agent too, which takes its place. Give one of them another name.`,
      });
    }
  }
}
