import type { FlowDefinition, ToolChoice } from '../../protocol/definition.ts';
import { RequestError } from '../errors.ts';

/** A prompt step with its defaults filled in. */
export interface PlannedStep {
  readonly name: string;
  /** `undefined`: the server's own. */
  readonly model: string | undefined;
  readonly instructions: string;
  /** With placeholders. `null`: the conversation as it stands. */
  readonly userPrompt: string | null;
  readonly tools: ToolChoice;
  /** By which later prompts read its answer. */
  readonly outputVariable: string;
  readonly responseFormat: 'text' | 'json';
}

/** What placeholders of prompts stand for. */
export interface FlowScope {
  readonly flow: { readonly id: string; readonly name: string };
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly record: Readonly<Record<string, unknown>>;
  readonly user: Readonly<Record<string, unknown>>;
  /** Of the steps so far, by their variables. They win over inputs of the same name. */
  readonly answers: Readonly<Record<string, unknown>>;
}

export function planSteps({ steps }: FlowDefinition): readonly PlannedStep[] {
  return steps.map(({ name = '', config }, index) => {
    const stepName = name === '' ? `step_${index + 1}` : name;
    return {
      name: stepName,
      model: config.model,
      instructions: config.systemPrompt ?? '',
      userPrompt: config.userPrompt ?? null,
      tools: config.tools ?? {},
      outputVariable: config.outputVariable ?? stepName,
      responseFormat: config.responseFormat ?? 'text',
    };
  });
}

/** What no run could mend, as `steps[0].config.userPrompt: …`. */
export function flowProblems(steps: readonly PlannedStep[]): readonly string[] {
  return steps.flatMap((step, index) => {
    const at = `steps[${index}].config`;
    const reserved = RESERVED.test(step.outputVariable)
      ? [`${at}.outputVariable: \`${step.outputVariable}\` stands for something else. Take another name.`]
      : [];
    return [...reserved, ...secretsIn(step).map((found) => `${at}.userPrompt: ${found}`)];
  });
}

/**
 * Throws `RequestError` where it is clear before the first step that a prompt cannot be written: `secrets_not_allowed`,
 * or `unresolved_variable` for placeholders that neither the request nor an earlier step stands behind.
 */
export function requireRunnable(steps: readonly PlannedStep[], scope: Omit<FlowScope, 'answers'>): void {
  const secret = steps.flatMap((step, index) =>
    secretsIn(step).map((found) => `steps[${index}].config.userPrompt: ${found}`),
  );
  if (secret.length > 0) {
    throw new RequestError('secrets_not_allowed', 'A prompt of this flow names a secret.', {
      hint: "Models read prompts, and secrets are not for them. Use the secret in a tool's definition.",
      details: secret,
    });
  }
  const unresolved = steps.flatMap((step, index) => {
    const earlier = steps.slice(0, index);
    return placeholdersOf(step)
      .filter((placeholder) => !willResolve(placeholder, { ...scope, answers: {} }, earlier))
      .map((placeholder) => `steps[${index}].config.userPrompt: nothing stands behind {{${placeholder}}}`);
  });
  if (unresolved.length > 0) throw unresolvedVariable(unresolved);
}

/**
 * A step's prompt as its model reads it. Values are put in once and as they are: what looks like a placeholder in one
 * stays. Throws `RequestError` `unresolved_variable`. `null`: the step has none.
 */
export function promptOf({ userPrompt, name }: PlannedStep, scope: FlowScope): string | null {
  if (userPrompt === null) return null;
  const missing: string[] = [];
  const prompt = userPrompt.replace(PLACEHOLDER, (_, inside: string) => {
    const value = lookUp(inside.trim(), scope);
    if (value === undefined) missing.push(`${name}: nothing stands behind {{${inside.trim()}}}`);
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  });
  if (missing.length > 0) throw unresolvedVariable(missing);
  return prompt;
}

/** What a step's answer is to later ones. Throws `RequestError` `model_failed` where it should be JSON and is not. */
export function readAnswer({ responseFormat, name }: PlannedStep, text: string): unknown {
  if (responseFormat === 'text') return text;
  try {
    return JSON.parse(FENCED.exec(text)?.[1] ?? text);
  } catch {
    throw new RequestError('model_failed', `The step "${name}" asks for JSON, and its answer is none.`, {
      hint: 'Say in its prompt what the JSON looks like, and that nothing else may stand in the answer.',
    });
  }
}

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;
/** Models fence code even where nobody asks them to. */
const FENCED = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/;
const SECRET = /^secrets?\s*[.:]/;
const RESERVED = /^(_record|_flow|_user|secrets?)$/;

function placeholdersOf({ userPrompt }: PlannedStep): readonly string[] {
  return [...(userPrompt ?? '').matchAll(PLACEHOLDER)].map(([, inside = '']) => inside.trim());
}

function secretsIn(step: PlannedStep): readonly string[] {
  return placeholdersOf(step)
    .filter((placeholder) => SECRET.test(placeholder))
    .map((placeholder) => `{{${placeholder}}} is a secret, and no model may read one`);
}

function willResolve(placeholder: string, scope: FlowScope, earlier: readonly PlannedStep[]): boolean {
  const step = earlier.findLast(
    ({ outputVariable }) => placeholder === outputVariable || placeholder.startsWith(`${outputVariable}.`),
  );
  if (step === undefined) return lookUp(placeholder, scope) !== undefined;
  return placeholder === step.outputVariable || step.responseFormat === 'json';
}

/** A name, or a name and a path of fields: `city`, `order.items.0.name`, `_record.type`. */
function lookUp(placeholder: string, { flow, inputs, record, user, answers }: FlowScope): unknown {
  const roots = { ...inputs, ...answers, _flow: flow, _record: record, _user: user };
  const whole = own(roots, placeholder);
  if (whole !== undefined) return whole;
  return placeholder.split('.').reduce<unknown>((value, field) => own(value, field), roots);
}

function own(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[field];
}

function unresolvedVariable(details: readonly string[]): RequestError {
  return new RequestError('unresolved_variable', `A prompt of this flow cannot be written: ${details[0]}.`, {
    hint: 'Send it in `inputs` or `record`, or name the variable of an earlier step.',
    details,
  });
}
