import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { JsonSchema } from '../../../protocol/tool.ts';
import { type Problems, problemsOf } from './problems.ts';
import { sampleValue, startingValue } from './value.ts';

/** The arguments of one tool while a person writes them: the same value as a form and as JSON text. */
export interface Arguments {
  readonly schema: JsonSchema;
  readonly value: ReadonlySignal<unknown>;
  readonly text: ReadonlySignal<string>;
  /** Why the text is no JSON. The value is then the last one that could be read. */
  readonly textProblem: ReadonlySignal<string | undefined>;
  readonly problems: ReadonlySignal<Problems>;
  /** Pointers of fields that were filled in. Problems of others wait until somebody wants to run the tool. */
  readonly touched: Signal<ReadonlySet<string>>;
  readonly attempted: Signal<boolean>;
  set(value: unknown): void;
  write(text: string): void;
  touch(pointer: string): void;
  fillWithSample(): void;
  reset(): void;
}

export function createArguments(schema: JsonSchema): Arguments {
  const value = signal<unknown>(startingValue(schema) ?? {});
  const text = signal(printed(value.value));
  const textProblem = signal<string | undefined>(undefined);
  const touched = signal<ReadonlySet<string>>(new Set());
  const attempted = signal(false);

  function set(next: unknown): void {
    value.value = next;
    text.value = printed(next);
    textProblem.value = undefined;
  }

  function startOver(next: unknown): void {
    set(next ?? {});
    touched.value = new Set();
    attempted.value = false;
  }

  return {
    schema,
    value,
    text,
    textProblem,
    touched,
    attempted,
    problems: computed(() => problemsOf(value.value, schema)),
    set,
    write(next) {
      text.value = next;
      try {
        value.value = JSON.parse(next);
        textProblem.value = undefined;
      } catch (cause) {
        textProblem.value = `This is not JSON yet: ${cause instanceof Error ? cause.message : String(cause)}`;
      }
    },
    touch(pointer) {
      if (!touched.value.has(pointer)) touched.value = new Set([...touched.value, pointer]);
    },
    fillWithSample: () => startOver(sampleValue(schema)),
    reset: () => startOver(startingValue(schema)),
  };
}

function printed(value: unknown): string {
  return JSON.stringify(value, undefined, 2) ?? '';
}
