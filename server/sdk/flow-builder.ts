import type * as z from 'zod/mini';
import type { PromptStep } from '../../protocol/definition.ts';
import type { DispatchResponse, WantedFlow } from '../../protocol/request.ts';
import type { DispatchInput, DispatchOptions, PagehandClient } from './client.ts';
import type { DispatchStream } from './dispatch-stream.ts';
import { PagehandError } from './errors.ts';

type Step = z.input<typeof PromptStep>;
type Flow = Omit<z.input<typeof WantedFlow>, 'id' | 'steps'> & { readonly steps: Step[] };

/** One question to a model, flat. */
export type PromptOptions = Step['config'] & {
  /** Default: `step_1`, `step_2` … */
  readonly name?: string | undefined;
};

/** What a flow is run with beside its steps. */
export type FlowRunOptions = Omit<DispatchInput, 'agent' | 'flow'> & DispatchOptions;

/**
 * Writes a flow step by step. Each method gives a new builder, so that a beginning can be shared.
 *
 * ```ts
 * new FlowBuilder()
 *   .createFlow({ name: 'Weather' })
 *   .prompt({ model: 'openai/gpt-5.4', userPrompt: 'What is the weather in {{city}}?', tools: { runtimeTools: [weather] } })
 *   .run(client, { inputs: { city: 'Tokyo' } })
 * ```
 */
export class FlowBuilder {
  readonly #flow: Flow;

  constructor(flow: Flow = { steps: [] }) {
    this.#flow = flow;
  }

  createFlow(named: {
    readonly name?: string | undefined;
    readonly description?: string | undefined;
  }): FlowBuilder {
    return new FlowBuilder({ ...this.#flow, ...named });
  }

  prompt({ name, ...config }: PromptOptions): FlowBuilder {
    const step: Step = { type: 'prompt', ...(name === undefined ? {} : { name }), config };
    return new FlowBuilder({ ...this.#flow, steps: [...this.#flow.steps, step] });
  }

  /** The flow, for `flow` of a dispatch or for `flows.create`. Throws `PagehandError` `invalid_definition` without a step. */
  build(): Flow {
    if (this.#flow.steps.length > 0) return { ...this.#flow, steps: [...this.#flow.steps] };
    throw new PagehandError('invalid_definition', 'The flow has no step.', {
      hint: 'Add one with `prompt`.',
    });
  }

  /** Dispatches it: its events as they come, or with `streamResponse: false` one answer. */
  run(
    client: PagehandClient,
    options: FlowRunOptions & { readonly streamResponse: false },
  ): Promise<DispatchResponse>;
  run(
    client: PagehandClient,
    options?: FlowRunOptions & { readonly streamResponse?: true | undefined },
  ): DispatchStream;
  run(
    client: PagehandClient,
    { signal, timeoutMs, idempotencyKey, ...request }: FlowRunOptions = {},
  ): DispatchStream | Promise<DispatchResponse> {
    return client.dispatch({ ...request, flow: this.build() }, { signal, timeoutMs, idempotencyKey });
  }
}
