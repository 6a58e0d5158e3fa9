import { type ReadonlySignal, type Signal, signal } from '@preact/signals';

/** What of the browser's speech recognition is used here. Not every browser has it, and none has it in its types. */
interface Recognition extends EventTarget {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  start(): void;
  stop(): void;
  abort(): void;
}

interface RecognitionResults {
  readonly results: ArrayLike<{ readonly 0: { readonly transcript: string } }>;
}

type DictationProblem = 'denied' | 'no_microphone' | 'no_speech' | 'failed';

export interface Dictation {
  readonly isListening: ReadonlySignal<boolean>;
  /** Of the last time, until the next. */
  readonly problem: ReadonlySignal<DictationProblem | undefined>;
  start(): void;
  /** What was heard stays. */
  stop(): void;
}

export interface DictationOptions {
  /** What is heard is added to it, live. */
  readonly draft: Signal<string>;
  /** A BCP 47 tag. */
  readonly language: string;
}

/** Longest that it listens, in milliseconds: a microphone that was forgotten. */
const LONGEST_MS = 120_000;

const PROBLEMS: Readonly<Record<string, DictationProblem>> = {
  'not-allowed': 'denied',
  'service-not-allowed': 'denied',
  'audio-capture': 'no_microphone',
  'no-speech': 'no_speech',
};

/** Writes down what the visitor says, with what the browser offers for it. Throws where it offers nothing. */
export function createDictation({ draft, language }: DictationOptions): Dictation {
  const isListening = signal(false);
  const problem = signal<DictationProblem | undefined>(undefined);
  let end = () => {};

  function start() {
    end();
    const recognition = newRecognition();
    const before = draft.peek().trimEnd();
    const life = new AbortController();
    let written = draft.peek();
    recognition.lang = language;
    recognition.continuous = true;
    recognition.interimResults = true;
    problem.value = undefined;

    const listen = (name: string, listener: (event: Event) => void) =>
      recognition.addEventListener(name, listener, life);
    listen('result', (event) => {
      // Whoever writes, or sends, while they are heard has the last word.
      if (draft.peek() !== written) return end();
      const heard = textOf(event as Event & RecognitionResults);
      written = before === '' ? heard : `${before} ${heard}`;
      draft.value = written;
    });
    listen('error', (event) => {
      const { error } = event as Event & { readonly error: string };
      if (error !== 'aborted') problem.value = PROBLEMS[error] ?? 'failed';
      end();
    });
    listen('end', () => end());
    const timer = setTimeout(() => recognition.stop(), LONGEST_MS);
    end = () => {
      clearTimeout(timer);
      life.abort();
      isListening.value = false;
      end = () => {};
      recognition.abort();
    };
    isListening.value = true;
    try {
      recognition.start();
    } catch {
      problem.value = 'failed';
      end();
    }
  }

  return { isListening, problem, start, stop: () => end() };
}

function newRecognition(): Recognition {
  const { SpeechRecognition, webkitSpeechRecognition } = globalThis as {
    readonly SpeechRecognition?: new () => Recognition;
    readonly webkitSpeechRecognition?: new () => Recognition;
  };
  const Constructor = SpeechRecognition ?? webkitSpeechRecognition;
  if (Constructor === undefined) throw new Error('This browser does not recognise speech.');
  return new Constructor();
}

/** Some browsers begin each piece with a space, others do not. */
function textOf({ results }: RecognitionResults): string {
  return Array.from(results, (result) => result[0].transcript.trim())
    .filter((piece) => piece !== '')
    .join(' ');
}
