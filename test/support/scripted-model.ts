import type { Model, ModelEvent, ModelRequest, ModelToolCall } from '../../server/models/model.ts';

/** What a scripted model does in one turn, step by step: an event, an error that it throws, or something it waits for. */
export type ScriptedTurn =
  | readonly (ModelEvent | Error | Promise<unknown>)[]
  | ((request: ModelRequest) => readonly (ModelEvent | Error | Promise<unknown>)[]);

export interface ScriptedModel extends Model {
  /** What it was asked, turn by turn. */
  readonly requests: readonly ModelRequest[];
  /** Turns that nobody has asked for yet. */
  readonly left: () => number;
}

/** A model that plays its turns in order, whoever asks. Asked once too often, it throws. Ignores its signal. */
export function scriptedModel(...turns: readonly ScriptedTurn[]): ScriptedModel {
  const requests: ModelRequest[] = [];
  return {
    id: 'scripted',
    requests,
    left: () => turns.length - requests.length,
    async *stream(request) {
      const turn = turns[requests.length];
      requests.push(request);
      if (turn === undefined) throw new Error('The script has no turn left.');
      for (const step of typeof turn === 'function' ? turn(request) : turn) {
        if (step instanceof Error) throw step;
        if (step instanceof Promise) await step;
        else yield step;
      }
    },
  };
}

export function text(...deltas: readonly string[]): readonly ModelEvent[] {
  return deltas.map((delta) => ({ type: 'text', delta }));
}

export function reasoning(delta: string): ModelEvent {
  return { type: 'reasoning', delta };
}

export function call(toolCallId: string, name: string, input: unknown = {}): ModelEvent {
  const toolCall: ModelToolCall = { toolCallId, name, input };
  return { type: 'tool_call', call: toolCall };
}

export function finish(
  reason: 'end_turn' | 'tool_calls' | 'length' | 'content_filter' | 'unknown' = 'end_turn',
): ModelEvent {
  return { type: 'finish', reason, tokens: { input: 10, output: 5 } };
}

/** A whole turn in words. */
export function says(...deltas: readonly string[]): readonly ModelEvent[] {
  return [...text(...deltas), finish()];
}

/** A whole turn that makes these calls. */
export function makes(...calls: readonly ModelEvent[]): readonly ModelEvent[] {
  return [...calls, finish('tool_calls')];
}

/** Something to wait for, until the test opens it. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}
