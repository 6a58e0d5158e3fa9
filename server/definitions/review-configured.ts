import { ConfigError, type Surface } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import { type ReviewParts, reviewAgent } from './review-definitions.ts';

/**
 * Looks at what the agents of the configuration use, before anybody asks them. Throws `ConfigError` for what cannot
 * work. Gives what is odd, as sentences that begin with the field.
 */
export async function reviewConfigured(
  surfaces: readonly Pick<Surface, 'agent'>[],
  parts: ReviewParts,
): Promise<readonly string[]> {
  const reviews = await Promise.all(
    surfaces.map(async ({ agent }, index) => {
      const at = (path: string) => path.replace(/^tools\b/, `surfaces[${index}].agent.uses`);
      try {
        const findings = await reviewAgent({ tools: agent.uses }, parts);
        return findings.map(({ path = 'tools', message }) => `${at(path)}: ${message}`);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        const lines = error.details ?? [`tools: ${error.message}`];
        throw new ConfigError(lines.map(at).join('\n'), { cause: error });
      }
    }),
  );
  return reviews.flat();
}
