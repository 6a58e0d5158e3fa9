import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import { DEFAULT_SERVER_TOOL_TIMEOUT_MS } from '../../define-server-tool.ts';
import type { Finding, McpTarget, ToolKind } from '../../kind.ts';
import { reviewTemplates } from '../../review-template.ts';

/** Longest run of a call, in milliseconds. */
const MAX_TIMEOUT_MS = 600_000;

/** A tool of an MCP server under a name, a description and a schema of one's own. */
export const mcpKind: ToolKind<'mcp'> = {
  type: 'mcp',
  review: (definition) => Promise.resolve(review(definition)),
  open({ name, config }, { mcp, variables }) {
    const timeoutMs = timeoutOf(config.timeout);
    return {
      // What the server says of itself is not known before it is called, and a lost call must not be made twice.
      idempotent: false,
      timeoutMs,
      run: (parameters, { signal }) =>
        mcp.call(targetOf(config.server), {
          tool: config.tool ?? name,
          parameters,
          variables,
          signal,
          timeoutMs,
        }),
    };
  },
};

function targetOf(server: ToolDefinitionOf<'mcp'>['config']['server']): McpTarget {
  if (typeof server === 'string') return { server };
  const { url, headers } = server;
  return { server: { url, ...(headers === undefined ? {} : { headers }) } };
}

function timeoutOf(timeout: number | undefined): number {
  const isGood = timeout !== undefined && timeout >= 1 && timeout <= MAX_TIMEOUT_MS;
  return isGood ? timeout : DEFAULT_SERVER_TOOL_TIMEOUT_MS;
}

function review({ config, parametersSchema }: ToolDefinitionOf<'mcp'>): readonly Finding[] {
  const { server, timeout } = config;
  return [
    ...(typeof server === 'string' ? [] : reviewAddress(server.url)),
    ...reviewTemplates(config, 'config', parametersSchema),
    ...(timeout === undefined || timeout === timeoutOf(timeout) ? [] : [BAD_TIMEOUT]),
  ];
}

const BAD_TIMEOUT: Finding = {
  severity: 'error',
  code: 'invalid_timeout',
  message: `\`config.timeout\` is a number of milliseconds from 1 to ${MAX_TIMEOUT_MS}.`,
  path: 'config.timeout',
};

function reviewAddress(url: string): readonly Finding[] {
  const path = 'config.server.url';
  if (url.includes('{{')) {
    const message =
      'The address of an MCP server holds no placeholders: what it names decides what is trusted.';
    return [
      {
        severity: 'error',
        code: 'template_in_address',
        message,
        suggestion: 'Put credentials into `headers`.',
        path,
      },
    ];
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    const message = 'The address of an MCP server is an http or https URL.';
    const suggestion =
      'Servers that run as a process are named in `mcpServers` of the configuration, and here by that name.';
    return [{ severity: 'error', code: 'invalid_url', message, suggestion, path }];
  }
  return [];
}
