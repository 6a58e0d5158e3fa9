import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import { isRecord } from '../../../is-record.ts';
import { asText, type Lookup, placeholdersIn, renderJson } from '../../template.ts';
import { renderBody } from '../../template-http.ts';

type Config = ToolDefinitionOf<'external'>['config'];
type Parameters = Readonly<Record<string, unknown>>;

export function methodOf({ method = 'GET' }: Pick<Config, 'method'>): string {
  return method.toUpperCase();
}

export function canHaveBody(config: Pick<Config, 'method'>): boolean {
  return !['GET', 'HEAD'].includes(methodOf(config));
}

/** Whether parameters without a place of their own make up the body. */
export function sendsTheRest(config: Config): boolean {
  return config.body === undefined && ['POST', 'PUT', 'PATCH'].includes(methodOf(config));
}

interface Body {
  /** Of the body, where the definition does not say. */
  readonly type?: string;
  readonly body: string | undefined;
}

const JSON_TYPE = 'application/json';

/** The body of one call, by `config.body` or of the parameters that stand nowhere else. */
export async function bodyOf(
  config: Config,
  parameters: Parameters,
  contentType: string | undefined,
  lookup: Lookup,
): Promise<Body> {
  if (!canHaveBody(config)) return { body: undefined };
  if (typeof config.body === 'string') {
    const body = await renderBody(config.body, contentType, lookup);
    return { type: holdsJson(body) ? JSON_TYPE : 'text/plain;charset=utf-8', body };
  }
  if (config.body !== undefined) return written(await renderJson(config.body, lookup), contentType);
  const rest = sendsTheRest(config) ? parametersLeft(config, parameters) : {};
  return Object.keys(rest).length === 0 ? { body: undefined } : written(rest, contentType);
}

/** As a form where the definition says that it is one. */
function written(value: unknown, contentType: string | undefined): Body {
  const isForm = contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true;
  if (!isForm || !isRecord(value)) return { type: JSON_TYPE, body: JSON.stringify(value) };
  const fields = Object.entries(value).map(([name, field]) => [name, asText(field)] as const);
  return { body: new URLSearchParams(Object.fromEntries(fields)).toString() };
}

/** Parameters that stand in no placeholder of the address and the headers. */
function parametersLeft({ url, headers }: Config, parameters: Parameters): Parameters {
  const placed = new Set(
    placeholdersIn([url, headers]).flatMap((placeholder) =>
      placeholder.root === 'parameter' ? [placeholder.path[0]] : [],
    ),
  );
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !placed.has(name)));
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
