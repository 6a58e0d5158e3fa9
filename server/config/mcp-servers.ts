import { z } from 'zod';
import type { McpServerConfig, McpServerReach } from '../mcp/server-config.ts';
import type { SecretInput } from './define-config.ts';
import { checked, expected, fields, list, text } from './fields.ts';

/** MCP servers by the name that `mcp:<name>:<tool>` says. */
export type McpServersInput = Readonly<Record<string, McpServerInput>>;

type McpServerInput =
  /** Over Streamable HTTP. Its host is asked only if tools may reach it. */
  | {
      readonly url: string;
      /** Texts, with `{{secret:KEY}}` for secrets that the server keeps, or an environment variable each. */
      readonly headers?: Readonly<Record<string, SecretInput>> | undefined;
    }
  /** A program that this server starts when one of its tools is first needed. */
  | {
      readonly command: string;
      readonly args?: readonly string[] | undefined;
      /** All that it gets beside `PATH`, `HOME` and their like. */
      readonly env?: Readonly<Record<string, SecretInput>> | undefined;
      /** Default: where this server was started. */
      readonly cwd?: string | undefined;
    };

const EXAMPLE = '{ "url": "https://mcp.example.com/mcp" }';

const Value = z.union(
  [z.string(), fields({ env: text('"LINEAR_KEY"', 200) }, '{ "env": "LINEAR_KEY" }')],
  expected('text, or { "env": "NAME" }', '{ "env": "LINEAR_KEY" }'),
);
const Values = z.record(
  z.string(),
  Value,
  expected('an object', '{ "authorization": "Bearer {{secret:KEY}}" }'),
);

const Server = z.union(
  [
    fields(
      {
        url: checked('"https://mcp.example.com/mcp"', (value) =>
          URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
            ? undefined
            : 'is no http or https URL. Write for example "https://mcp.example.com/mcp".',
        ),
        headers: Values.optional(),
      },
      EXAMPLE,
    ),
    fields(
      {
        command: text('"npx"', 1_000),
        args: list(z.string(expected('text', '"-y"')), '["-y", "some-mcp-server"]').optional(),
        env: Values.optional(),
        cwd: text('"/srv/tools"', 1_000).optional(),
      },
      '{ "command": "npx", "args": ["-y", "some-mcp-server"] }',
    ),
  ],
  {
    error: `must have either a "url" (and "headers") or a "command" (and "args", "env", "cwd"). Write for example ${EXAMPLE}.`,
  },
);

export const McpServers = z
  .record(z.string(), Server, expected('an object', `{ "linear": ${EXAMPLE} }`))
  .superRefine((servers, context) => {
    for (const name of Object.keys(servers)) {
      if (/^[A-Za-z0-9_.-]{1,64}$/.test(name)) continue;
      const message =
        'is not the name of a server: 1 to 64 letters, digits, "_", "." and "-". Write for example "linear".';
      context.addIssue({ code: 'custom', message, path: [name] });
    }
  });

/** `secretValue` gives the value of a secret, or notes what is wrong with it and gives nothing. */
export function resolveMcpServers(
  servers: McpServersInput | undefined,
  secretValue: (path: readonly PropertyKey[], secret: SecretInput) => string | undefined,
): ReadonlyMap<string, McpServerConfig> {
  const entries = Object.entries(servers ?? {}).map(([name, server]) => {
    const secrets: string[] = [];
    const values = (field: string, named: Readonly<Record<string, SecretInput>> = {}) =>
      Object.fromEntries(
        Object.entries(named).map(([key, secret]) => {
          const value = secretValue([name, field, key], secret) ?? '';
          if (typeof secret !== 'string') secrets.push(value);
          return [key, value];
        }),
      );
    const reach: McpServerReach =
      'url' in server
        ? { kind: 'http', url: server.url, headers: values('headers', server.headers) }
        : {
            kind: 'process',
            command: server.command,
            args: server.args ?? [],
            env: values('env', server.env),
            cwd: server.cwd,
          };
    return [name, { ...reach, secrets }] as const;
  });
  return new Map(entries);
}
