import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { boundedLabel } from './bounded-label.ts';
import type { Observer } from './observer.ts';

export interface Metrics {
  readonly observer: Observer;
  /** One answered request. `route` is that of the table, never an address that somebody made up. */
  http(request: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly ms: number;
  }): void;
  /** In the format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  /** Pieces of code that wait for a worker of the sandbox. */
  readonly waitingCode?: (() => number) | undefined;
}

/** Seconds. From a request that reads one row to a tool that takes all of its time. */
const FAST = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SLOW = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Counts for one process, in a registry of its own. */
export function createMetrics({ waitingCode }: MetricsOptions = {}): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry, prefix: 'pagehand_' });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `pagehand_${name}`, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[],
  ) => new Histogram({ name: `pagehand_${name}`, help, labelNames, buckets, registers });

  const running = new Gauge({
    name: 'pagehand_runs_active',
    help: 'Executions that run in this process.',
    registers,
  });
  const runs = counter(
    'runs_total',
    'Runs of executions, from a start, resume or takeover to a pause or an end.',
    ['cause', 'status', 'error'],
  );
  const runSeconds = histogram('run_duration_seconds', 'How long runs took.', ['cause'], SLOW);
  const modelCalls = counter('model_calls_total', 'Answers of models.', ['model', 'outcome']);
  const modelSeconds = histogram(
    'model_call_duration_seconds',
    'How long answers of models took.',
    ['model'],
    SLOW,
  );
  const tokens = counter('model_tokens_total', 'Tokens that models read and wrote.', ['model', 'direction']);
  const toolCalls = counter('tool_calls_total', 'Calls of tools of the server, by the type of tool.', [
    'type',
    'outcome',
  ]);
  const toolSeconds = histogram(
    'tool_call_duration_seconds',
    'How long calls of tools took.',
    ['type'],
    SLOW,
  );
  const requests = counter('http_requests_total', 'Answered requests.', ['method', 'route', 'status']);
  const requestSeconds = histogram(
    'http_request_duration_seconds',
    'How long it took until an answer began.',
    ['route'],
    FAST,
  );
  if (waitingCode !== undefined) {
    new Gauge({
      name: 'pagehand_sandbox_waiting',
      help: 'Pieces of code that wait for a worker of the sandbox.',
      registers,
      collect() {
        this.set(waitingCode());
      },
    });
  }
  const modelLabel = boundedLabel(50);
  const codeLabel = boundedLabel(100);
  const methodLabel = boundedLabel(10);

  const observer: Observer = {
    run({ cause }) {
      const here = cause === 'child' ? 0 : 1;
      running.inc(here);
      const end = runSeconds.startTimer({ cause });
      return {
        inner: observer,
        end({ status, errorCode = '' }) {
          running.dec(here);
          end();
          runs.inc({ cause, status: codeLabel(status), error: codeLabel(errorCode) });
        },
      };
    },
    model({ model: id }) {
      const model = modelLabel(id);
      const end = modelSeconds.startTimer({ model });
      return {
        inner: observer,
        end({ stopReason, tokens: used, errorCode }) {
          end();
          modelCalls.inc({ model, outcome: codeLabel(errorCode ?? stopReason ?? 'unknown') });
          tokens.inc({ model, direction: 'input' }, used?.input ?? 0);
          tokens.inc({ model, direction: 'output' }, used?.output ?? 0);
        },
      };
    },
    tool({ toolType }) {
      const type = codeLabel(toolType);
      const end = toolSeconds.startTimer({ type });
      return {
        inner: observer,
        end({ isError, errorCode }) {
          end();
          toolCalls.inc({ type, outcome: isError ? codeLabel(errorCode ?? 'failed') : 'success' });
        },
      };
    },
  };

  return {
    observer,
    http({ method, route, status, ms }) {
      requests.inc({ method: methodLabel(method), route, status });
      requestSeconds.observe({ route }, ms / 1_000);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
