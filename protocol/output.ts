// Apart from the schemas: what a page downloads imports its values from here, and the schema library stays behind.

/** The rule of WebMCP for a tool's name: 1 to 128 characters of `A-Z a-z 0-9 _ . -`. */
export const PAGE_TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** The result of one tool call as the model reads it. */
export interface ToolOutput {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[];
  readonly isError?: boolean;
}

export function textOutput(text: string): ToolOutput {
  return { content: [{ type: 'text', text }] };
}

/** A failure as data: the model reads it and goes on. */
export function errorOutput(text: string): ToolOutput {
  return { content: [{ type: 'text', text }], isError: true };
}
