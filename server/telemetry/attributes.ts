/**
 * Names of the GenAI conventions of OpenTelemetry, copied because they still change from release to release, and ours for
 * what these have no name for. What was said, parameters and results have no name here.
 */
export const ATTRIBUTE = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  model: 'gen_ai.request.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  conversation: 'gen_ai.conversation.id',
  agentId: 'gen_ai.agent.id',
  agentName: 'gen_ai.agent.name',
  toolName: 'gen_ai.tool.name',
  toolType: 'gen_ai.tool.type',
  toolCall: 'gen_ai.tool.call.id',
  errorType: 'error.type',
  execution: 'pagehand.execution.id',
  cause: 'pagehand.run.cause',
  status: 'pagehand.run.status',
  iteration: 'pagehand.turn.iteration',
  toolKind: 'pagehand.tool.type',
} as const;

/** Values of `gen_ai.operation.name`. */
export const OPERATION = { agent: 'invoke_agent', chat: 'chat', tool: 'execute_tool' } as const;

/** Of a model's name, as in `openai/gpt-5`: who is asked. */
export function providerOf(model: string): string {
  return model.split('/', 1)[0] ?? model;
}
