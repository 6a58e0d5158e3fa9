import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import type { Egress } from '../../../egress/egress.ts';
import type { Finding } from '../../kind.ts';
import { reviewHeaders, reviewLiterals, reviewTimeout, reviewUrl } from '../../review-http.ts';
import { reviewTemplates, reviewUnused } from '../../review-template.ts';
import { piecesOf } from '../../template.ts';

/** Whether a second call may do more than the first. A field of that name counts too: the safe mistake. */
export function changesSomething(query: string): boolean {
  return /\b(mutation|subscription)\b/.test(query);
}

export function reviewGraphql(
  { config, parametersSchema }: ToolDefinitionOf<'graphql'>,
  egress: Pick<Egress, 'isNamed'>,
): readonly Finding[] {
  const { url, query, headers, variables, timeout } = config;
  return [
    ...reviewUrl(url, egress),
    ...reviewQuery(query),
    ...reviewHeaders(headers),
    ...reviewTimeout(timeout),
    ...reviewLiterals(config),
    ...reviewTemplates({ url, headers, variables }, 'config', parametersSchema),
    ...(variables === undefined ? [] : reviewUnused({ url, headers, variables }, parametersSchema)),
  ];
}

function reviewQuery(query: string): readonly Finding[] {
  const error = (code: string, message: string, suggestion: string): readonly Finding[] => [
    { severity: 'error', code, message, suggestion, path: 'config.query' },
  ];
  if (piecesOf(query).some((piece) => typeof piece !== 'string')) {
    return error(
      'template_in_query',
      'The text of a query takes no placeholders: a value could become a part of the query.',
      'Declare a variable, as in `query ($id: ID!) { order(id: $id) { status } }`, and give it in config.variables.',
    );
  }
  if (!query.includes('{')) {
    return error(
      'invalid_query',
      'config.query is no query of GraphQL.',
      'Write for example `{ orders { id } }`.',
    );
  }
  if (/^[\s,]*subscription\b/.test(query)) {
    return error(
      'invalid_query',
      'A tool gives one answer, and a subscription gives many.',
      'Write a query.',
    );
  }
  return [];
}
