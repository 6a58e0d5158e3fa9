import type { FlowDefinition, ToolChoice } from '../../protocol/definition.ts';
import { RequestError } from '../errors.ts';
import {
  badSentence,
  type Lookup,
  lookupWithoutSecrets,
  type Placeholder,
  piecesOf,
  RESERVED_ROOTS,
  renderText,
} from '../tools/template.ts';
import { ToolError } from '../tools/tool-error.ts';
import type { Variables } from '../tools/variables.ts';

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
  /** Whether its words are shown, or are for later steps alone. */
  readonly isShown: boolean;
}

/** What placeholders of prompts stand for. */
export interface FlowScope extends Pick<Variables, 'record' | 'flow' | 'user'> {
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Of the steps so far, by their variables. They win over inputs of the same name. */
  readonly answers: Readonly<Record<string, unknown>>;
}

export function planSteps({ steps }: FlowDefinition): readonly PlannedStep[] {
  return steps.map(({ name = '', config }, index) => {
    const responseFormat = config.responseFormat ?? 'text';
    const isLast = index === steps.length - 1;
    const stepName = name === '' ? `step_${index + 1}` : name;
    return {
      name: stepName,
      model: config.model,
      instructions: config.systemPrompt ?? '',
      userPrompt: config.userPrompt ?? null,
      tools: config.tools ?? {},
      outputVariable: config.outputVariable ?? stepName,
      responseFormat,
      isShown: config.streamOutput ?? (isLast || responseFormat === 'text'),
    };
  });
}

/** What no run could mend, as `steps[0].config.userPrompt: …`. */
export function flowProblems(steps: readonly PlannedStep[]): readonly string[] {
  return steps.flatMap((step, index) => {
    const at = `steps[${index}].config`;
    const reserved = reservedIn(step).map((problem) => `${at}.${problem}`);
    const { bad, secrets } = readPrompt(step);
    return [...reserved, ...[...bad, ...secrets].map((problem) => `${at}.userPrompt: ${problem}`)];
  });
}

/**
 * Throws `RequestError` where it is clear before the first step that a prompt cannot be written: `secrets_not_allowed`,
 * or `unresolved_variable` for placeholders that neither the request nor an earlier step stands behind.
 */
export function requireRunnable(steps: readonly PlannedStep[], scope: Omit<FlowScope, 'answers'>): void {
  const prompts = steps.map(readPrompt);
  const secret = prompts.flatMap(({ secrets }, index) =>
    secrets.map((problem) => `steps[${index}].config.userPrompt: ${problem}`),
  );
  if (secret.length > 0) {
    throw new RequestError('secrets_not_allowed', 'A prompt of this flow names a secret.', {
      hint: "Models read prompts, and secrets are not for them. Use the secret in a tool's definition.",
      details: secret,
    });
  }
  const reserved = steps.flatMap((step, index) =>
    reservedIn(step).map((problem) => `steps[${index}].config.${problem}`),
  );
  if (reserved.length > 0) {
    throw new RequestError('invalid_request', 'A variable of this flow cannot have its name.', {
      details: reserved,
    });
  }
  const unresolved = prompts.flatMap(({ bad, placeholders }, index) => {
    const lookup = lookupOf({ ...scope, answers: {} });
    const earlier = steps.slice(0, index);
    const missing = placeholders
      .filter((placeholder) => !willResolve(placeholder, lookup, earlier))
      .map(({ written }) => `${written} stands for nothing`);
    return [...bad, ...missing].map((problem) => `steps[${index}].config.userPrompt: ${problem}`);
  });
  if (unresolved.length > 0) throw unresolvedVariable(unresolved);
}

/**
 * A step's prompt as its model reads it. Values are put in once and as they are: what looks like a placeholder in one
 * stays. Rejects with `RequestError` `unresolved_variable`. `null`: the step has none.
 */
export async function promptOf(
  { userPrompt, name }: Pick<PlannedStep, 'userPrompt' | 'name'>,
  scope: FlowScope,
): Promise<string | null> {
  if (userPrompt === null) return null;
  try {
    return await renderText(userPrompt, lookupOf(scope));
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw unresolvedVariable([`${name}: ${error.message}`]);
  }
}

/** What a step's answer is to later ones. Throws `RequestError` `model_failed` where it should be JSON and is not. */
export function readAnswer(
  { responseFormat, name }: Pick<PlannedStep, 'responseFormat' | 'name'>,
  text: string,
): unknown {
  if (responseFormat === 'text') return text;
  try {
    return readJson(text);
  } catch {
    throw new RequestError('model_failed', `The step "${name}" asks for JSON, and its answer is none.`, {
      hint: 'Say in its prompt what the JSON looks like, and that nothing else may stand in the answer.',
    });
  }
}

/** The JSON of a model's answer. Throws `SyntaxError`. */
export function readJson(text: string): unknown {
  const trimmed = text.trim();
  // Models fence code even where nobody asks them to.
  const [opening] = /^```(?:json)?[^\S\n]*\n/.exec(trimmed) ?? [];
  const isFenced = opening !== undefined && /\n[^\S\n]*```$/.test(trimmed.slice(-100));
  return JSON.parse(isFenced ? trimmed.slice(opening.length, -3) : trimmed);
}

function reservedIn({ outputVariable }: PlannedStep): readonly string[] {
  if (!RESERVED_ROOTS.includes(outputVariable)) return [];
  return [`outputVariable: \`${outputVariable}\` stands for something else. Take another name.`];
}

interface ReadPrompt {
  readonly placeholders: readonly Placeholder[];
  readonly bad: readonly string[];
  readonly secrets: readonly string[];
}

function readPrompt({ userPrompt }: PlannedStep): ReadPrompt {
  const pieces = piecesOf(userPrompt ?? '').filter((piece) => typeof piece !== 'string');
  const good = pieces.filter((piece) => piece.root !== 'bad');
  const isSecret = ({ root }: Placeholder) => root === 'secret' || root === 'secrets';
  return {
    placeholders: good.filter((piece) => !isSecret(piece)),
    bad: pieces.flatMap((piece) => (piece.root === 'bad' ? [badSentence(piece)] : [])),
    secrets: good.filter(isSecret).map(({ written }) => `${written} is a secret, and no model may read one`),
  };
}

function lookupOf({ inputs, answers, record, flow, user }: FlowScope): Lookup {
  const noSecrets = {
    secret: () => undefined,
    managedSecret: () => Promise.reject(new Error('No secrets.')),
    scrub: <Value>(value: Value) => value,
  };
  return lookupWithoutSecrets({ ...inputs, ...answers }, { ...noSecrets, record, flow, user });
}

function willResolve(placeholder: Placeholder, lookup: Lookup, earlier: readonly PlannedStep[]): boolean {
  if (placeholder.root === 'parameter') {
    const [root, ...path] = placeholder.path;
    const step = earlier.findLast(({ outputVariable }) => outputVariable === root);
    if (step !== undefined) return path.length === 0 || step.responseFormat === 'json';
  }
  try {
    lookup(placeholder);
    return true;
  } catch (error) {
    if (error instanceof ToolError) return error.code !== 'unresolved_variable';
    throw error;
  }
}

function unresolvedVariable(details: readonly string[]): RequestError {
  return new RequestError('unresolved_variable', `A prompt of this flow cannot be written: ${details[0]}`, {
    hint: 'Send the value in `inputs`, `record` or `user`, or name the variable of an earlier step.',
    details,
  });
}
