import type { OpenAIProvider } from '@ai-sdk/openai';
import { ConfigError } from '../config/config.ts';
import { type Model, ModelError, type ModelEvent, type ModelRequest, type ModelStopReason } from './model.ts';
import { isTransient, retryDelayMs, toModelError } from './provider-errors.ts';
import { buildPrompt } from './provider-prompt.ts';

/** The provider packages' own interface of a language model, version 3. */
type ProviderModel = ReturnType<OpenAIProvider['languageModel']>;
type CallOptions = Parameters<ProviderModel['doStream']>[0];
export type ProviderPrompt = CallOptions['prompt'];
type StreamPart =
  Awaited<ReturnType<ProviderModel['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;

export type ProviderName = 'openai' | 'anthropic' | 'openai-compatible';

export interface ProviderSettings {
  readonly provider: ProviderName;
  /** As the provider names it. */
  readonly model: string;
  /** Absent only where the server asks for none. */
  readonly apiKey: string | undefined;
  readonly baseUrl: string;
  /** Longest silence of the provider, in milliseconds. Then the answer fails with `model_timeout`. */
  readonly silenceMs: number;
}

const MAX_RETRIES = 2;

/**
 * A model of a provider, through the provider's own package and without the loop around it: one request, one answer.
 * The package is loaded at the first request.
 */
export function createProviderModel(settings: ProviderSettings): Model {
  let loading: Promise<ProviderModel> | undefined;
  const load = (): Promise<ProviderModel> => {
    loading ??= loadProvider(settings);
    return loading;
  };
  return {
    id: `${settings.provider}/${settings.model}`,
    async *stream(request) {
      request.signal.throwIfAborted();
      const model = await load();
      for (let attempt = 0; ; attempt += 1) {
        let spoke = false;
        try {
          for await (const event of answer(model, request, settings)) {
            spoke = true;
            yield event;
          }
          return;
        } catch (error) {
          request.signal.throwIfAborted();
          const delayMs =
            spoke || attempt >= MAX_RETRIES || !isTransient(error) ? undefined : retryDelayMs(error, attempt);
          if (delayMs === undefined) throw toModelError(error, settings.provider);
          await pause(delayMs, request.signal);
        }
      }
    },
  };
}

/** One attempt. What it throws may still be the package's. */
async function* answer(
  model: ProviderModel,
  request: ModelRequest,
  { silenceMs }: ProviderSettings,
): AsyncGenerator<ModelEvent> {
  const upstream = new AbortController();
  const abort = (): void => upstream.abort(request.signal.reason);
  request.signal.addEventListener('abort', abort, { once: true });
  const silence = watchSilence(silenceMs, upstream);
  try {
    const { stream } = await model.doStream(await callOptions(model, request, upstream.signal));
    const reader = stream.getReader();
    for (;;) {
      silence.expectSoon();
      const { done, value } = await reader.read();
      request.signal.throwIfAborted();
      if (done) throw new ModelError('model_failed', UNFINISHED);
      if (value.type === 'finish') {
        yield finishOf(value);
        return;
      }
      const event = eventOf(value);
      if (event === undefined) continue;
      silence.stop();
      yield event;
      request.signal.throwIfAborted();
    }
  } catch (error) {
    throw silence.broken() ?? error;
  } finally {
    silence.stop();
    request.signal.removeEventListener('abort', abort);
    // Whoever stops reading stops paying: this closes the connection to the provider.
    upstream.abort();
  }
}

const UNFINISHED = 'The answer of the model ended before it was complete.';

interface Silence {
  /** The time starts anew: the provider has to say something. */
  expectSoon(): void;
  stop(): void;
  /** The error, once the time was over. */
  broken(): ModelError | undefined;
}

function watchSilence(silenceMs: number, upstream: AbortController): Silence {
  let error: ModelError | undefined;
  let timer: NodeJS.Timeout | undefined;
  const expectSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      error = new ModelError('model_timeout', `The model said nothing for ${silenceMs / 1_000} seconds.`);
      upstream.abort(error);
    }, silenceMs);
  };
  expectSoon();
  return { expectSoon, stop: () => clearTimeout(timer), broken: () => error };
}

async function callOptions(
  model: ProviderModel,
  request: ModelRequest,
  abortSignal: AbortSignal,
): Promise<CallOptions> {
  const prompt = buildPrompt(request, await model.supportedUrls);
  const options: CallOptions = {
    prompt,
    abortSignal,
    // The conversation is ours to keep: OpenAI stores what it is sent unless told otherwise.
    providerOptions: { openai: { store: false } },
  };
  if (request.tools.length === 0) return options;
  const tools = request.tools.map(({ name, description, parametersSchema }) => ({
    type: 'function' as const,
    name,
    description,
    inputSchema: parametersSchema,
    // Strict schemas forbid optional properties, which pages have.
    strict: false,
  }));
  return { ...options, tools, toolChoice: { type: 'auto' } };
}

function eventOf(part: StreamPart): ModelEvent | undefined {
  switch (part.type) {
    case 'text-delta':
      return part.delta === '' ? undefined : { type: 'text', delta: part.delta };
    case 'reasoning-delta':
      return part.delta === '' ? undefined : { type: 'reasoning', delta: part.delta };
    case 'tool-call':
      return {
        type: 'tool_call',
        call: { toolCallId: part.toolCallId, name: part.toolName, input: parseInput(part.input) },
      };
    case 'error':
      throw part.error;
    default:
      return undefined;
  }
}

/** The raw text when it is no JSON. No text at all is how providers send an empty object. */
function parseInput(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    // Models do write broken JSON: the dispatcher tells them, and they mend it.
    return text;
  }
}

const STOP_REASONS: Readonly<Record<string, ModelStopReason>> = {
  stop: 'end_turn',
  'tool-calls': 'tool_calls',
  length: 'length',
  'content-filter': 'content_filter',
};

function finishOf(part: Extract<StreamPart, { type: 'finish' }>): ModelEvent {
  const { unified, raw } = part.finishReason;
  // No reason at all: the connection was closed in the middle of the answer, politely.
  if (unified === 'error' || (unified === 'other' && raw === undefined)) {
    throw new ModelError('model_failed', UNFINISHED);
  }
  const reason = STOP_REASONS[unified] ?? 'unknown';
  const { inputTokens, outputTokens } = part.usage;
  if (inputTokens.total === undefined || outputTokens.total === undefined) return { type: 'finish', reason };
  return { type: 'finish', reason, tokens: { input: inputTokens.total, output: outputTokens.total } };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

async function loadProvider({ provider, model, apiKey, baseUrl }: ProviderSettings): Promise<ProviderModel> {
  switch (provider) {
    case 'openai': {
      const { createOpenAI } = await import('@ai-sdk/openai');
      return createOpenAI({ apiKey: apiKey ?? '', baseURL: baseUrl }).responses(model);
    }
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic');
      return createAnthropic({ apiKey: apiKey ?? '', baseURL: baseUrl }).languageModel(model);
    }
    case 'openai-compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      const key = apiKey === undefined ? {} : { apiKey };
      return createOpenAICompatible({
        name: 'openai-compatible',
        baseURL: baseUrl,
        includeUsage: true,
        ...key,
      }).chatModel(model);
    }
    default:
      throw new ConfigError(`The model provider "${String(provider satisfies never)}" is unknown.`);
  }
}
