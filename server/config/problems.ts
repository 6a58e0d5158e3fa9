import { ConfigError } from './config.ts';

/** One thing that is wrong: the field, and the rest of the sentence with the mend. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly sentence: string;
}

/** Throws all that is wrong with a file, a line each. */
export function refuse(file: string, problems: readonly Problem[]): never {
  throw new ConfigError(
    problems.map(({ path, sentence }) => `${file}: ${fieldPath(path)} ${sentence}`).join('\n'),
  );
}

/** `surfaces[0].clientTokens[1].token` */
function fieldPath(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    const name = String(step);
    return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  });
  return steps.length === 0 ? 'the configuration' : steps.join('').replace(/^\./, '');
}
