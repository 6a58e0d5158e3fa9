import { callService, isRepeatable, serviceTimeout } from '../../call-service.ts';
import { readAnswer, requireSuccess } from '../../http-answer.ts';
import type { ToolKind } from '../../kind.ts';
import { namedParameters, withDefaults } from '../../parameters.ts';
import { lookupIn } from '../../template.ts';
import { renderHeaders, renderUrl } from '../../template-http.ts';
import { bodyOf, methodOf } from './external-body.ts';
import { reviewExternal } from './review-external.ts';

/** Calls an HTTP API. */
export const externalKind: ToolKind<'external'> = {
  type: 'external',
  review: (definition, { egress }) => Promise.resolve(reviewExternal(definition, egress)),
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
        const { type, body } = await bodyOf(
          config,
          namedParameters(parameters, parametersSchema),
          written['content-type'],
          lookup,
        );
        const headers = type === undefined ? written : { 'content-type': type, ...written };
        const response = await callService(egress, { method, url, headers, body, timeoutMs }, context);
        requireSuccess(response);
        return readAnswer(response);
      },
    };
  },
};
