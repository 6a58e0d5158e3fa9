import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import { callService, isRepeatable, serviceTimeout } from '../../call-service.ts';
import { readAnswer, requireSuccess } from '../../http-answer.ts';
import type { ToolKind } from '../../kind.ts';
import { withDefaults } from '../../parameters.ts';
import { type Lookup, lookupIn, placeholdersIn, renderJson } from '../../template.ts';
import { renderBody, renderHeaders, renderUrl } from '../../template-http.ts';
import { reviewExternal } from './review-external.ts';

type Config = ToolDefinitionOf<'external'>['config'];
type Parameters = Readonly<Record<string, unknown>>;

/** Calls an HTTP API. */
export const externalKind: ToolKind<'external'> = {
  type: 'external',
  review: (definition) => Promise.resolve(reviewExternal(definition)),
  open({ config, parametersSchema }, { egress, variables }) {
    const method = methodOf(config);
    const timeoutMs = serviceTimeout(config.timeout);
    return {
      idempotent: isRepeatable(method),
      givesData: true,
      timeoutMs,
      async run(given, context) {
        const parameters = withDefaults(given, parametersSchema);
        const lookup = lookupIn(parameters, variables);
        const url = await renderUrl(config.url, lookup);
        const written = await renderHeaders(config.headers ?? {}, lookup);
        const { type, body } = await bodyOf(config, method, parameters, written['content-type'], lookup);
        const headers = type === undefined ? written : { 'content-type': type, ...written };
        const response = await callService(egress, { method, url, headers, body, timeoutMs }, context);
        requireSuccess(response);
        return readAnswer(response);
      },
    };
  },
};

function methodOf({ method = 'GET' }: Config): string {
  return method.toUpperCase();
}

interface Body {
  /** Of the body, where the definition does not say. */
  readonly type?: string;
  readonly body: string | undefined;
}

const JSON_TYPE = 'application/json';

async function bodyOf(
  config: Config,
  method: string,
  parameters: Parameters,
  contentType: string | undefined,
  lookup: Lookup,
): Promise<Body> {
  if (method === 'GET' || method === 'HEAD') return { body: undefined };
  if (typeof config.body === 'string') {
    const body = await renderBody(config.body, contentType, lookup);
    return { type: holdsJson(body) ? JSON_TYPE : 'text/plain;charset=utf-8', body };
  }
  if (config.body !== undefined) {
    return { type: JSON_TYPE, body: JSON.stringify(await renderJson(config.body, lookup)) };
  }
  const rest = ['POST', 'PUT', 'PATCH'].includes(method) ? parametersLeft(config, parameters) : {};
  return Object.keys(rest).length === 0
    ? { body: undefined }
    : { type: JSON_TYPE, body: JSON.stringify(rest) };
}

/** Parameters that stand in no placeholder of the address and the headers. */
function parametersLeft({ url, headers }: Config, parameters: Parameters): Parameters {
  const placed = placeholdersIn([url, headers]).flatMap((placeholder) =>
    placeholder.root === 'parameter' ? [placeholder.path[0]] : [],
  );
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !placed.includes(name)));
}

function holdsJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
