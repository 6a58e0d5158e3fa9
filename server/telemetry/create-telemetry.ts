import type { Log } from '../log.ts';
import type { Scrubber } from '../secrets/scrubber.ts';
import { createMetrics, type Metrics, type MetricsOptions } from './metrics.ts';
import type { Observation, Observer } from './observer.ts';
import { createTraces } from './traces.ts';

export interface TelemetryOptions extends MetricsOptions {
  readonly scrubber: Pick<Scrubber, 'scrub'>;
  /** Hears of observers that fail. */
  readonly log: Pick<Log, 'warn'>;
}

/** What an operator sees of a running server beside its log: counts and traces. */
export type Telemetry = Metrics;

export function createTelemetry({ scrubber, log, ...options }: TelemetryOptions): Telemetry {
  const metrics = createMetrics(options);
  const complain = (error: unknown) => log.warn({ err: error }, 'What happens cannot be observed');
  return { ...metrics, observer: together([metrics.observer, createTraces(scrubber)], complain) };
}

/** All hear the same. What one of them throws is told and changes nothing. */
function together(observers: readonly Observer[], complain: (error: unknown) => void): Observer {
  const each = <Result>(work: (observer: Observer) => Result): Result[] =>
    observers.flatMap((observer) => {
      const result = attempt(() => work(observer), complain);
      return result === undefined ? [] : [result];
    });
  const all = <Outcome>(begun: readonly Observation<Outcome>[]): Observation<Outcome> => {
    let isOver = false;
    return {
      inner: together(
        begun.map(({ inner }) => inner),
        complain,
      ),
      end(outcome) {
        if (isOver) return;
        isOver = true;
        for (const one of begun) attempt(() => one.end(outcome), complain);
      },
    };
  };
  return {
    run: (facts) => all(each((observer) => observer.run(facts))),
    model: (facts) => all(each((observer) => observer.model(facts))),
    tool: (facts) => all(each((observer) => observer.tool(facts))),
  };
}

function attempt<Result>(work: () => Result, complain: (error: unknown) => void): Result | undefined {
  try {
    return work();
  } catch (error) {
    complain(error);
    return undefined;
  }
}
