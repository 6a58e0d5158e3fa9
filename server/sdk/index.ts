export type {
  AgentDefinition,
  FlowDefinition,
  PromptStep,
  ToolChoice,
  ToolDefinition,
  ToolType,
} from '../../protocol/definition.ts';
export type { EventOf, EventType, StreamEvent } from '../../protocol/event.ts';
export type { Receipt } from '../../protocol/receipt.ts';
export type { DispatchResponse } from '../../protocol/request.ts';
export type { ExecuteToolResponse, PullResponse, SavedTool, ToolsResponse } from '../../protocol/saved.ts';
export {
  type ApproveInput,
  type ContinueInput,
  type DispatchInput,
  type DispatchOptions,
  PagehandClient,
  type ResumeInput,
} from './client.ts';
export type { ConnectionOptions } from './connection.ts';
export {
  createCustomTool,
  createExternalTool,
  createFlowTool,
  createGraphqlTool,
  createLocalTool,
  createMcpTool,
  createSubagentTool,
} from './create-tools.ts';
export { defineTool, type ToolInput } from './define-tool.ts';
export type { DispatchResult, DispatchStream } from './dispatch-stream.ts';
export {
  PagehandConnectionError,
  PagehandError,
  type PagehandErrorCode,
  PagehandTimeoutError,
  ToolEnsureConflictError,
} from './errors.ts';
export { FlowBuilder, type FlowRunOptions, type PromptOptions } from './flow-builder.ts';
export type { CallOptions } from './limits.ts';
export type {
  Decision,
  LocalCall,
  LocalRun,
  LocalRunOptions,
  LocalTool,
  LocalToolCall,
} from './local-tools.ts';
export { Pagehand } from './pagehand.ts';
export {
  type EnsureOptions,
  type EnsureResult,
  type ExecuteOptions,
  type ToolPlan,
  ToolPlanNotEmptyError,
  type ToolsApi,
} from './tools.ts';
