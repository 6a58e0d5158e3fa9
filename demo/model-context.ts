/** The part of `document.modelContext` that a page needs to offer tools. Lib.dom does not know it yet. */
export interface ModelContext {
  registerTool(
    tool: PageToolDefinition,
    options?: { readonly signal?: AbortSignal },
  ): Promise<void> | undefined;
  getTools(): Promise<readonly { readonly name: string }[]>;
}

export interface PageToolDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly inputSchema?: object;
  readonly annotations?: {
    readonly readOnlyHint?: boolean;
    readonly consequentialHint?: boolean;
    readonly untrustedContentHint?: boolean;
  };
  execute(input: Readonly<Record<string, unknown>>, options?: { readonly signal?: AbortSignal }): unknown;
}

declare global {
  interface Document {
    readonly modelContext?: ModelContext;
  }
}
