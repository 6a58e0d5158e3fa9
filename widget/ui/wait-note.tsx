import { useEffect, useState } from 'preact/hooks';
import type { Wait } from '../chat/state.ts';
import { copy } from '../copy.ts';
import { useView } from './context.ts';

/** Why the answer does not go on yet, with the seconds until it does where they are known. The panel's head says the rest. */
export function WaitNote({ wait: { reason, untilMs } }: { readonly wait: Wait }) {
  const { locale } = useView();
  const seconds = useSecondsUntil(untilMs);
  const words =
    reason === 'offline'
      ? copy.wait.offline
      : reason !== 'reconnecting' && seconds !== undefined
        ? copy.wait[reason](seconds.toLocaleString(locale))
        : undefined;
  if (words === undefined) return null;
  return (
    <p class="notice wait" lang={copy.language}>
      <bdi>{words}</bdi>
    </p>
  );
}

function useSecondsUntil(untilMs: number | undefined): number | undefined {
  const left = () =>
    untilMs === undefined ? undefined : Math.max(1, Math.ceil((untilMs - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 1000);
    return () => clearInterval(timer);
  }, [untilMs]);
  return seconds;
}
