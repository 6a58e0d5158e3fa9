import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Scrubber } from '../secrets/scrubber.ts';
import { ATTRIBUTE, OPERATION, providerOf } from './attributes.ts';
import type { Observation, Observer } from './observer.ts';

/** Longest text of an attribute, in characters. */
const MAX_CHARS = 200;

/**
 * Makes a span of each run, each answer of a model and each call of a tool, one within the other. They go to whichever
 * SDK the process has registered with `@opentelemetry/api`; without one they are nothing and cost next to nothing.
 */
export function createTraces(scrubber: Pick<Scrubber, 'scrub'>): Observer {
  const tracer = trace.getTracer('pagehand');
  return observerIn(() => context.active(), { tracer, scrubber });
}

interface TraceParts {
  readonly tracer: Tracer;
  readonly scrubber: Pick<Scrubber, 'scrub'>;
}

function observerIn(parent: () => Context, parts: TraceParts): Observer {
  return {
    run: ({ executionId, conversationId, agentId, agentName, cause }) =>
      begin(
        parent(),
        parts,
        `${OPERATION.agent} ${agentName}`,
        SpanKind.INTERNAL,
        {
          [ATTRIBUTE.operation]: OPERATION.agent,
          [ATTRIBUTE.agentId]: agentId,
          [ATTRIBUTE.agentName]: agentName,
          [ATTRIBUTE.conversation]: conversationId,
          [ATTRIBUTE.execution]: executionId,
          [ATTRIBUTE.cause]: cause,
        },
        ({ status, errorCode }) => ({ error: errorCode, attributes: { [ATTRIBUTE.status]: status } }),
      ),
    model: ({ model, iteration }) =>
      begin(
        parent(),
        parts,
        `${OPERATION.chat} ${model}`,
        SpanKind.CLIENT,
        {
          [ATTRIBUTE.operation]: OPERATION.chat,
          [ATTRIBUTE.provider]: providerOf(model),
          [ATTRIBUTE.model]: model,
          [ATTRIBUTE.iteration]: iteration,
        },
        ({ stopReason, tokens, errorCode }) => ({
          error: errorCode,
          attributes: {
            ...(stopReason === undefined ? {} : { [ATTRIBUTE.finishReasons]: [stopReason] }),
            ...(tokens === undefined
              ? {}
              : { [ATTRIBUTE.inputTokens]: tokens.input, [ATTRIBUTE.outputTokens]: tokens.output }),
          },
        }),
      ),
    tool: ({ tool, toolType, toolCallId }) =>
      begin(
        parent(),
        parts,
        `${OPERATION.tool} ${tool}`,
        SpanKind.INTERNAL,
        {
          [ATTRIBUTE.operation]: OPERATION.tool,
          [ATTRIBUTE.toolName]: tool,
          [ATTRIBUTE.toolType]: 'function',
          [ATTRIBUTE.toolKind]: toolType,
          [ATTRIBUTE.toolCall]: toolCallId,
        },
        ({ isError, errorCode }) => ({
          error: isError ? (errorCode ?? 'failed') : undefined,
          attributes: {},
        }),
      ),
  };
}

function begin<Outcome>(
  parent: Context,
  parts: TraceParts,
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  read: (outcome: Outcome) => { readonly error: string | undefined; readonly attributes: Attributes },
): Observation<Outcome> {
  const { tracer, scrubber } = parts;
  const clean = (text: string) => scrubber.scrub(text).slice(0, MAX_CHARS);
  const span = tracer.startSpan(clean(name), { kind, attributes: cleaned(attributes, clean) }, parent);
  const inside = trace.setSpan(parent, span);
  return {
    inner: observerIn(() => inside, parts),
    end(outcome) {
      const { error, attributes: more } = read(outcome);
      span.setAttributes(cleaned(more, clean));
      if (error !== undefined) fail(span, clean(error));
      span.end();
    },
  };
}

function fail(span: Span, error: string): void {
  span.setAttribute(ATTRIBUTE.errorType, error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function cleaned(attributes: Attributes, clean: (text: string) => string): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? clean(value) : value,
    ]),
  );
}
