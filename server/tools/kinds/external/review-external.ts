import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import { nearest } from '../../../config/nearest.ts';
import type { Finding } from '../../kind.ts';
import { reviewHeaders, reviewLiterals, reviewTimeout, reviewUrl } from '../../review-http.ts';
import { reviewTemplates } from '../../review-template.ts';

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export function reviewExternal({
  config,
  parametersSchema,
}: ToolDefinitionOf<'external'>): readonly Finding[] {
  const { url, method = 'GET', headers, body, timeout } = config;
  return [
    ...reviewUrl(url),
    ...reviewMethod(method, body),
    ...reviewHeaders(headers),
    ...reviewTimeout(timeout),
    ...reviewLiterals(config),
    ...reviewTemplates({ url, headers, body }, 'config', parametersSchema),
  ];
}

function reviewMethod(written: string, body: unknown): readonly Finding[] {
  const method = written.toUpperCase();
  if (!METHODS.includes(method)) {
    const meant = nearest(method, METHODS);
    return [
      {
        severity: 'error',
        code: 'invalid_method',
        message: `"${written.slice(0, 40)}" is no method that tools call.`,
        suggestion: meant === undefined ? `Write one of ${METHODS.join(', ')}.` : `Did you mean "${meant}"?`,
        path: 'config.method',
      },
    ];
  }
  if (body === undefined || (method !== 'GET' && method !== 'HEAD')) return [];
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
