import { readDefinition } from '../../server/tools/review-shape.ts';
import type { ServerTool } from '../../server/tools/tool.ts';
import type { Toolbox } from '../../server/tools/toolbox.ts';

/** Knows the tools of the configuration and no others. */
export const CONFIGURED_TOOLBOX: Toolbox = {
  resolve: async (_, { configured }) =>
    configured.map(({ name, description, parametersSchema }) => ({
      name,
      description,
      parametersSchema,
      origin: 'server',
      binding: { kind: 'configured' },
      needsApproval: false,
    })),
  bind: ({ bareName }, { configured }): ServerTool | undefined =>
    configured.find(({ name }) => name === bareName),
  secretKeys: () => [],
  review: async (definition) => readDefinition(definition),
};
