import { z } from 'zod';
import * as mini from 'zod/mini';
import { ToolChoice } from '../../protocol/definition.ts';
import { fields, kindOf } from './fields.ts';

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** Tools of the server that need no function in the file: saved ones, built-in ones, those of MCP servers, declared ones. */
export type ToolChoiceInput = Frozen<Omit<ToolChoice, 'maxToolCalls'>>;

const words = mini.locales.en().localeError;

/** Held against the schema of the wire, so that the file says what a request may say. */
function part<Field extends keyof ToolChoiceInput>(field: Field, example: string) {
  const schema = ToolChoice.shape[field];
  return z
    .custom<ToolChoiceInput[Field]>()
    .superRefine((value, context) => {
      const result = mini.safeParse(schema, value, { error: words });
      if (result.success) return;
      for (const { path, message } of result.error.issues) {
        const what = path.length === 0 ? `must be as in the example, and is ${kindOf(value)}` : 'is wrong';
        const sentence = `${what}: ${message}. Write for example ${example}.`;
        context.addIssue({ code: 'custom', message: sentence, path: [...path] });
      }
    })
    .optional();
}

/** An agent's `uses`. */
export const ToolChoiceFields = fields(
  {
    toolIds: part('toolIds', '["builtin:clock", "tool_…", "mcp:linear:*"]'),
    runtimeTools: part(
      'runtimeTools',
      '[{ "name": "get_weather", "description": "…", "toolType": "external", "config": { "url": "https://…" } }]',
    ),
    mcpServers: part('mcpServers', '[{ "name": "linear", "url": "https://…" }]'),
    subagentConfig: part('subagentConfig', '{ "toolPool": ["builtin:*"] }'),
    approval: part('approval', '{ "require": ["send_*"] }'),
  },
  '{ "toolIds": ["builtin:clock"] }',
);

/** As the dispatcher takes it. */
export function resolveToolChoice(input: ToolChoiceInput | undefined): ToolChoice {
  return ToolChoice.parse(input ?? {});
}
