import { type ReadonlySignal, signal } from '@preact/signals';
import { sentencesOf } from './speakable.ts';

const now = signal<string | undefined>(undefined);

/** What is read aloud, one thing at a time in the whole page: its id. */
export const reading: ReadonlySignal<string | undefined> = now;

/** Longest silence before a sentence begins, in milliseconds. Browsers without a voice say nothing, and do not say so. */
const LONGEST_SILENCE_MS = 8_000;

let stopWaiting = () => {};

/**
 * Reads a Markdown text aloud, sentence by sentence; what was read before ends. Resolves to whether it came to its end
 * or was stopped, and was not simply impossible. Never rejects.
 */
export async function readAloud(id: string, markdown: string, locale: string): Promise<boolean> {
  stopReading();
  now.value = id;
  addEventListener('pagehide', stopReading, { once: true });
  let isPossible = true;
  for (const sentence of sentencesOf(markdown, locale)) {
    if (now.peek() !== id) return true;
    isPossible = await say(sentence, locale);
    if (!isPossible) break;
  }
  if (now.peek() !== id) return true;
  stopReading();
  return isPossible;
}

export function stopReading(): void {
  removeEventListener('pagehide', stopReading);
  if (now.peek() === undefined) return;
  now.value = undefined;
  stopWaiting();
  speechSynthesis.cancel();
}

/** Resolves to whether it was said, or stopped. */
function say(sentence: string, locale: string): Promise<boolean> {
  return new Promise((resolve) => {
    const utterance = new SpeechSynthesisUtterance(sentence);
    utterance.lang = locale;
    const timer = setTimeout(() => end(false), LONGEST_SILENCE_MS);
    const end = (wasSaid: boolean) => {
      clearTimeout(timer);
      stopWaiting = () => {};
      resolve(wasSaid);
    };
    stopWaiting = () => end(true);
    utterance.onstart = () => clearTimeout(timer);
    utterance.onend = () => end(true);
    utterance.onerror = () => end(false);
    speechSynthesis.speak(utterance);
  });
}
