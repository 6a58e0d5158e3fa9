import type { RegistrableTool } from '../widget/define-tool.ts';

/** The part of `document.modelContext` that a page needs to offer tools. The DOM's types do not know it yet. */
export interface ModelContext {
  registerTool(tool: RegistrableTool, options?: { readonly signal?: AbortSignal }): Promise<void>;
  getTools(): Promise<readonly { readonly name: string }[]>;
}

declare global {
  interface Document {
    readonly modelContext?: ModelContext;
  }
}
