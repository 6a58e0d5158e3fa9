import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PageTool } from '../../widget/tools/page-tools.ts';
import { CopyButton } from './copy-button.tsx';
import { duration } from './format.ts';
import { JsonView } from './json-view.tsx';
import type { Run, ToolBench, Workbench } from './model.ts';
import { durationOf, isGood, outcomeWords, outputText } from './outcome.ts';
import type { Arguments } from './schema/arguments.ts';
import { SchemaForm } from './schema/form.tsx';
import { visible } from './visible.ts';

/** Fill in, run, read the result: what a tool's author does most. */
export function RunPanel({ bench, tool }: { readonly bench: Workbench; readonly tool: PageTool }) {
  const { args, run } = bench.benchOf(tool);
  const form = useRef<HTMLFormElement>(null);
  const isRunning = run.value.status === 'running';
  const submit = (event: Event) => {
    event.preventDefault();
    args.attempted.value = true;
    if (isRunning || args.textProblem.value !== undefined) return;
    if (args.problems.value.size > 0) focusFirstProblem(form.current);
    else void bench.run(tool);
  };
  return (
    <form class="run" ref={form} onSubmit={submit} noValidate aria-label={`Run ${tool.name}`}>
      <div class="run-form">
        <div class="bar">
          <span class="label">Arguments</span>
          <button type="button" class="plain" onClick={args.fillWithSample}>
            Sample
          </button>
          <button type="button" class="plain" onClick={args.reset}>
            Start over
          </button>
        </div>
        <SchemaForm args={args} />
        <div class="run-buttons">
          <button type="submit" class="main" disabled={isRunning}>
            Run
          </button>
          {run.value.status === 'running' && (
            <button type="button" onClick={run.value.cancel}>
              Cancel
            </button>
          )}
        </div>
      </div>
      <div class="run-sides">
        <JsonSide args={args} />
        <Result run={run} />
      </div>
    </form>
  );
}

function JsonSide({ args }: { readonly args: Arguments }) {
  const problems = [...args.problems.value];
  return (
    <div>
      <label class="label" for="arguments-json">
        As JSON
      </label>
      <textarea
        id="arguments-json"
        class="control code"
        spellcheck={false}
        rows={Math.min(12, Math.max(3, args.text.value.split('\n').length))}
        value={args.text.value}
        onInput={(event) => args.write(event.currentTarget.value)}
      />
      {args.textProblem.value !== undefined && <p class="problem">{args.textProblem.value}</p>}
      {args.attempted.value &&
        args.textProblem.value === undefined &&
        problems.map(([pointer, problem]) => (
          <p key={pointer} class="problem">
            <code>{visible(pointer || '/')}</code> {problem}
          </p>
        ))}
    </div>
  );
}

function Result({ run }: { readonly run: ToolBench['run'] }) {
  const isRaw = useSignal(false);
  const state = run.value;
  if (state.status === 'idle') {
    return <p class="quiet">The result stands here, as the model would read it.</p>;
  }
  if (state.status === 'running') return <Running run={state} />;
  const text = outputText(state.outcome);
  const value = isRaw.value ? undefined : parsed(text);
  const took = durationOf(state.outcome);
  return (
    <div class="result" data-good={isGood(state.outcome)}>
      <div class="bar">
        <span class="label" role="status">
          {outcomeWords(state.outcome)}
          {took === undefined ? '' : ` · ${duration(took)}`}
        </span>
        <button
          type="button"
          class="plain"
          aria-pressed={isRaw.value}
          onClick={() => {
            isRaw.value = !isRaw.value;
          }}
        >
          Raw
        </button>
        <CopyButton text={() => text} />
      </div>
      {value === undefined ? (
        <pre class="code">{visible(text) || '(empty)'}</pre>
      ) : (
        <JsonView value={value} depth={3} />
      )}
    </div>
  );
}

function Running({ run }: { readonly run: Run & { status: 'running' } }) {
  const elapsedMs = useSignal(Date.now() - run.startedAtMs);
  useEffect(() => {
    const timer = setInterval(() => {
      elapsedMs.value = Date.now() - run.startedAtMs;
    }, 100);
    return () => clearInterval(timer);
  }, [run, elapsedMs]);
  return (
    <p>
      <span role="status">Running in the page</span> <span class="quiet">{duration(elapsedMs.value)}</span>
    </p>
  );
}

function focusFirstProblem(form: HTMLFormElement | null): void {
  // The messages are drawn first, so that the field is marked when it gets the focus.
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}

/** Text that is no JSON object or list is shown as text. */
function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Most results are sentences.
    return undefined;
  }
}
