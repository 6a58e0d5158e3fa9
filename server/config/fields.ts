import { z } from 'zod';

/** Every message is the rest of a sentence that starts with the field's path. */
export function expected(what: string, example: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) =>
      input === undefined
        ? `is missing. Write for example ${example}.`
        : `must be ${what}, and is ${kindOf(input)}. Write for example ${example}.`,
  };
}

export function text(example: string, maxChars: number) {
  return z
    .string(expected('text', example))
    .refine((value) => value.trim() !== '', {
      error: `is empty. Write for example ${example}, or leave it out.`,
    })
    .refine((value) => value.length <= maxChars, {
      error: `is too long. Write at most ${maxChars} characters.`,
    });
}

/** Text under a rule of its own; `problem` gives the rest of the sentence. */
export function checked(example: string, problem: (value: string) => string | undefined) {
  return z.string(expected('text', example)).superRefine((value, context) => {
    const message = problem(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

export function list<Item extends z.ZodType>(item: Item, example: string) {
  return z.array(item, expected('a list', example)).readonly();
}

export function whole(min: number, max: number, fallback: number) {
  const message = `must be a whole number from ${min} to ${max}. The default is ${fallback}.`;
  return z
    .number({ error: message })
    .refine((value) => Number.isInteger(value) && value >= min && value <= max, { error: message })
    .optional();
}

export function flag() {
  return z.boolean({ error: ({ input }) => `must be true or false, and is ${kindOf(input)}.` }).optional();
}

export function fields<Shape extends z.ZodRawShape>(shape: Shape, example: string) {
  return z.strictObject(shape, expected('an object', example));
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  const kind = typeof value;
  if (kind === 'string') return 'text';
  if (kind === 'object') return 'an object';
  return kind === 'undefined' ? 'missing' : `a ${kind}`;
}
