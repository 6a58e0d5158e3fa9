import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Wait } from '../chat/state.ts';
import type { Words } from '../messages.ts';
import { useView } from './context.ts';

/** How long an attempt may take before the thread speaks of it, in milliseconds: most breaks are over by then. */
const LONG_MS = 2_000;

/** Why the answer does not go on yet, with the seconds until it does where they are known. */
export function WaitNote({ wait }: { readonly wait: Wait }) {
  const { words } = useView();
  const { reason, untilMs } = wait;
  const asked = useRef<'too_many' | 'busy' | undefined>(undefined);
  const isLong = useIsLong(reason);
  useEverySecond(untilMs !== undefined);
  if (reason === 'too_many' || reason === 'busy') asked.current = reason;
  // Between two waits of one kind the line stays: what comes and goes makes the thread jump.
  const isAttempt = reason === 'reconnecting' && !isLong;
  const sentence = isAttempt
    ? asked.current && words.say(`tryingAgain.${asked.current}`)
    : waitWords(wait, words);
  if (sentence === undefined) return null;
  return (
    <p class="notice wait" lang={words.language}>
      <bdi>{sentence}</bdi>
    </p>
  );
}

/** What is waited for at this moment, as a sentence. */
export function waitWords({ reason, untilMs }: Wait, { say }: Words): string {
  if (reason === 'offline' || reason === 'reconnecting') return say(`wait.${reason}`);
  if (untilMs === undefined) return say(`tryingAgain.${reason}`);
  const seconds = Math.max(1, Math.ceil((untilMs - Date.now()) / 1000));
  return say(`wait.${reason}`, { seconds });
}

function useIsLong(reason: Wait['reason']): boolean {
  const [long, setLong] = useState<Wait['reason']>();
  useLayoutEffect(() => {
    setLong(undefined);
    const timer = setTimeout(() => setLong(reason), LONG_MS);
    return () => clearTimeout(timer);
  }, [reason]);
  return long === reason;
}

function useEverySecond(isOn: boolean): void {
  const [, setCount] = useState(0);
  useLayoutEffect(() => {
    if (!isOn) return;
    const timer = setInterval(() => setCount((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [isOn]);
}
