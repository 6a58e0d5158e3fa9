import { MAX_RUNTIME_TOOLS } from '../../protocol/limits.ts';
import { RequestError } from '../errors.ts';

/** Counts the runtime tools of a request, all steps together, before any schema looks at them. */
export function checkRuntimeTools(body: unknown): void {
  const agent = field(body, 'agent');
  const steps = field(field(body, 'flow'), 'steps');
  const choices = [
    field(body, 'tools'),
    field(agent, 'tools'),
    ...(Array.isArray(steps) ? steps.map((step: unknown) => field(field(step, 'config'), 'tools')) : []),
  ];
  const count = choices.reduce<number>((sum, choice) => {
    const tools = field(choice, 'runtimeTools');
    return sum + (Array.isArray(tools) ? tools.length : 0);
  }, 0);
  if (count <= MAX_RUNTIME_TOOLS) return;
  throw new RequestError(
    'too_many_runtime_tools',
    `The request has ${count} runtime tools, and the limit is ${MAX_RUNTIME_TOOLS}.`,
    { hint: 'Save the tools that you use often with `POST /v1/tools`, and name them in `toolIds`.' },
  );
}

/** What a browser sends is public, so no secret may come from there. */
export function refuseSecrets(body: unknown): void {
  if (field(body, 'secrets') === undefined) return;
  throw new RequestError('secrets_not_allowed', 'A browser may not send `secrets`.', {
    hint: 'Dispatch from a server with an API key, or keep the secret on this server and name it as {{secret:KEY}}.',
  });
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
