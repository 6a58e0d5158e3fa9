import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import { nearest } from '../../../config/nearest.ts';
import type { Egress } from '../../../egress/egress.ts';
import type { Finding } from '../../kind.ts';
import { reviewHeaders, reviewLiterals, reviewTimeout, reviewUrl } from '../../review-http.ts';
import { reviewTemplates, reviewUnused } from '../../review-template.ts';
import { canHaveBody, methodOf, sendsTheRest } from './external-body.ts';

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export function reviewExternal(
  { config, parametersSchema }: ToolDefinitionOf<'external'>,
  egress: Pick<Egress, 'isNamed'>,
): readonly Finding[] {
  const { url, headers, body, timeout } = config;
  return [
    ...reviewUrl(url, egress),
    ...reviewMethod(config),
    ...reviewHeaders(headers),
    ...reviewTimeout(timeout),
    ...reviewLiterals(config),
    ...reviewTemplates({ url, headers, body }, 'config', parametersSchema),
    ...(sendsTheRest(config) ? [] : reviewUnused({ url, headers, body }, parametersSchema)),
  ];
}

function reviewMethod(config: ToolDefinitionOf<'external'>['config']): readonly Finding[] {
  const method = methodOf(config);
  if (!METHODS.includes(method)) {
    const meant = nearest(method, METHODS);
    return [
      {
        severity: 'error',
        code: 'invalid_method',
        message: `"${method.slice(0, 40)}" is no method that tools call.`,
        suggestion: meant === undefined ? `Write one of ${METHODS.join(', ')}.` : `Did you mean "${meant}"?`,
        path: 'config.method',
      },
    ];
  }
  if (config.body === undefined || canHaveBody(config)) return [];
  return [
    {
      severity: 'warning',
      code: 'body_not_sent',
      message: `A request of the method ${method} has no body, so config.body is not sent.`,
      suggestion: 'Put the values into the query of config.url, or use another method.',
      path: 'config.body',
    },
  ];
}
