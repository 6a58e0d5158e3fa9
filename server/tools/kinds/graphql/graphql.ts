import type { EgressResponse } from '../../../egress/egress.ts';
import { isRecord } from '../../../is-record.ts';
import { callService, serviceTimeout } from '../../call-service.ts';
import { readAnswer, requireSuccess } from '../../http-answer.ts';
import type { ToolKind } from '../../kind.ts';
import { namedParameters, withDefaults } from '../../parameters.ts';
import { lookupIn, renderJson } from '../../template.ts';
import { renderHeaders, renderUrl } from '../../template-http.ts';
import { ToolError } from '../../tool-error.ts';
import { changesSomething, reviewGraphql } from './review-graphql.ts';

/** Most characters of what came beside the errors. */
const MAX_PARTIAL_CHARS = 1_000;

/** Asks a GraphQL service. Values go in as variables, never into the text of the query. */
export const graphqlKind: ToolKind<'graphql'> = {
  type: 'graphql',
  review: (definition, { egress }) => Promise.resolve(reviewGraphql(definition, egress)),
  open({ config, parametersSchema }, { egress, variables }) {
    const { query, operationName } = config;
    const timeoutMs = serviceTimeout(config.timeout);
    return {
      idempotent: !changesSomething(query),
      givesData: true,
      timeoutMs,
      async run(given, context) {
        const parameters = withDefaults(given, parametersSchema);
        const lookup = lookupIn(parameters, variables);
        const url = await renderUrl(config.url, lookup);
        const headers = {
          accept: 'application/graphql-response+json, application/json',
          'content-type': 'application/json',
          ...(await renderHeaders(config.headers ?? {}, lookup)),
        };
        const values =
          config.variables === undefined
            ? namedParameters(parameters, parametersSchema)
            : await renderJson(config.variables, lookup);
        const body = JSON.stringify({ query, operationName, variables: values });
        return readData(
          await callService(egress, { method: 'POST', url, headers, body, timeoutMs }, context),
        );
      },
    };
  },
};

/** The `data` of an answer. Errors in it are errors, whatever the status says. */
function readData(response: EgressResponse): unknown {
  const answer = readAnswer(response);
  if (!isRecord(answer) || (answer.errors === undefined && !Object.hasOwn(answer, 'data'))) {
    requireSuccess(response);
    throw new ToolError(
      'upstream_error',
      'The service answered with something that is no answer of GraphQL.',
    );
  }
  const { data, errors } = answer;
  if (!Array.isArray(errors) || errors.length === 0) {
    requireSuccess(response);
    return data;
  }
  const partial = data === undefined || data === null ? '' : JSON.stringify(data).slice(0, MAX_PARTIAL_CHARS);
  throw new ToolError(
    'upstream_error',
    `The service answered with errors: ${errors.slice(0, 10).map(sentenceOf).join(' ')}${partial === '' ? '' : ` Beside them it gave: ${partial}`}`,
  );
}

function sentenceOf(error: unknown): string {
  if (!isRecord(error) || typeof error.message !== 'string') return 'An error without a message.';
  const message = error.message.slice(0, 500);
  const where = Array.isArray(error.path) ? ` (at ${error.path.slice(0, 20).join('.')})` : '';
  return `${message}${where}${/[.!?]$/.test(message) && where === '' ? '' : '.'}`;
}
