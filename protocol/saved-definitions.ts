import * as z from 'zod/mini';
import { AgentDefinition, DefinitionName, FlowDefinition, PromptStep } from './definition.ts';
import { Id } from './ids.ts';
import { DefinitionWarning } from './saved.ts';

/** An agent that is kept has a name. */
export const NamedAgent = z.object({ ...AgentDefinition.shape, name: DefinitionName });
export type NamedAgent = z.infer<typeof NamedAgent>;

export const NamedFlow = z.object({ ...FlowDefinition.shape, name: DefinitionName });
export type NamedFlow = z.infer<typeof NamedFlow>;

const kept = {
  createdAt: z.string().check(z.describe('ISO 8601.')),
  updatedAt: z.string().check(z.describe('ISO 8601.')),
};

export const SavedAgent = z.object({
  id: Id.check(z.describe('`agent_…`: what `agent.id` of a dispatch and `agentId` of a surface name.')),
  ...NamedAgent.shape,
  ...kept,
});
export type SavedAgent = z.infer<typeof SavedAgent>;

export const SavedFlow = z.object({
  id: Id.check(
    z.describe('`flow_…`: what `flow.id` of a dispatch and `flowId` of a surface or a tool name.'),
  ),
  ...NamedFlow.shape,
  ...kept,
});
export type SavedFlow = z.infer<typeof SavedFlow>;

const Validation = z
  .object({ warnings: z.array(DefinitionWarning) })
  .check(z.describe('What is odd about the definition and does not keep it from being saved.'));

/** The answers of whatever writes one. */
export const SavedAgentResponse = z.extend(SavedAgent, { validation: Validation });
export type SavedAgentResponse = z.infer<typeof SavedAgentResponse>;
export const SavedFlowResponse = z.extend(SavedFlow, { validation: Validation });
export type SavedFlowResponse = z.infer<typeof SavedFlowResponse>;

/** A field that `null` takes away. */
function removable<Schema extends z.ZodMiniType>(schema: Schema) {
  return z.optional(z.nullable(schema));
}

const agentFields = AgentDefinition.shape;

/** `PUT /v1/agents/{id}`: the fields that change, each as a whole; `null` takes an optional one away. */
export const UpdateAgentRequest = z.object({
  id: Id,
  name: z.optional(DefinitionName),
  model: removable(agentFields.model),
  instructions: removable(agentFields.instructions),
  maxToolCalls: removable(agentFields.maxToolCalls),
  tools: removable(agentFields.tools),
});

/** `PUT /v1/flows/{id}`: the fields that change, each as a whole; `null` takes an optional one away. */
export const UpdateFlowRequest = z.object({
  id: Id,
  name: z.optional(DefinitionName),
  description: removable(FlowDefinition.shape.description),
  steps: z.optional(z.array(PromptStep).check(z.minLength(1), z.maxLength(20))),
});

export const DefinitionRequest = z.object({ id: Id });

export const DefinitionsRequest = z.object({
  cursor: z.optional(z.string().check(z.describe('`nextCursor` of the page before.'))),
  limit: z.optional(z.string().check(z.describe('1 to 100. Default 25.'))),
});

const cursor = z.nullable(z.string());

export const AgentsResponse = z.object({
  data: z.array(SavedAgent).check(z.describe('In the order of their names.')),
  nextCursor: cursor,
});
export type AgentsResponse = z.infer<typeof AgentsResponse>;

export const FlowsResponse = z.object({
  data: z.array(SavedFlow).check(z.describe('In the order of their names.')),
  nextCursor: cursor,
});
export type FlowsResponse = z.infer<typeof FlowsResponse>;

export const DeleteDefinitionResponse = z.object({ id: Id, deleted: z.literal(true) });
export type DeleteDefinitionResponse = z.infer<typeof DeleteDefinitionResponse>;
