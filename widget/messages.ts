import { type ReadonlySignal, signal } from '@preact/signals';
import { messages as english } from './languages/early/en.ts';
import { format, type Values } from './languages/message.ts';

/*
 * Every sentence that a visitor reads or hears stands in `languages/`, in ICU message syntax, once for each language:
 * `early/` is what the frame of the chat says and is fetched with it, `late/` is fetched with the first letter or the
 * first entry. English is the one that all others are measured by: a key that is missing in another language does not
 * compile. A part of the view says `const { say } = useView().words` and `say('composer.send')`.
 */
export type EarlyMessages = Readonly<Record<keyof typeof english, string>>;
export type LateMessages = Readonly<
  Record<keyof typeof import('./languages/late/en.ts')['messages'], string>
>;
export type MessageKey = keyof EarlyMessages | keyof LateMessages;

export type Say = (key: MessageKey, values?: Values) => string;

/** The words of one chat. */
export interface Words {
  /** A BCP 47 tag of the visitor's own: for dates, numbers, and the direction of the text. */
  readonly locale: string;
  /** Of the sentences, as a BCP 47 tag: of those that there are, the one nearest to the locale. */
  readonly language: string;
  /** Whether the late ones are there. Before that only early keys have a sentence. */
  readonly isComplete: ReadonlySignal<boolean>;
  readonly say: Say;
  /** Fetches the late ones, unless they are there. Rejects where they cannot be had; the next call tries again. */
  complete(): Promise<void>;
}

/** By language, and by script where one language is written in two. */
const EARLY = {
  en: async () => ({ messages: english }),
  de: () => import('./languages/early/de.ts'),
  fr: () => import('./languages/early/fr.ts'),
  es: () => import('./languages/early/es.ts'),
  pt: () => import('./languages/early/pt.ts'),
  it: () => import('./languages/early/it.ts'),
  ar: () => import('./languages/early/ar.ts'),
  he: () => import('./languages/early/he.ts'),
  hi: () => import('./languages/early/hi.ts'),
  ja: () => import('./languages/early/ja.ts'),
  ko: () => import('./languages/early/ko.ts'),
  'zh-Hans': () => import('./languages/early/zh-Hans.ts'),
  'zh-Hant': () => import('./languages/early/zh-Hant.ts'),
  nl: () => import('./languages/early/nl.ts'),
  pl: () => import('./languages/early/pl.ts'),
  tr: () => import('./languages/early/tr.ts'),
  ru: () => import('./languages/early/ru.ts'),
  uk: () => import('./languages/early/uk.ts'),
} as const satisfies Record<string, () => Promise<{ readonly messages: EarlyMessages }>>;

type Language = keyof typeof EARLY;

async function lateOf(language: Language): Promise<{ readonly messages: LateMessages }> {
  if (language === 'en') return import('./languages/late/en.ts');
  const { LATE } = await import('./languages/late-languages.ts');
  return LATE[language]();
}

/** How long the chat waits for its words before it is drawn in English, in milliseconds. */
const LONGEST_WAIT_MS = 3_000;

/** The words for a locale. What of its language cannot be fetched is said in English. */
export async function openWords(locale: string): Promise<Words> {
  let language = nearest(locale);
  let early: EarlyMessages = english;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    ({ messages: early } = await Promise.race([
      EARLY[language](),
      new Promise<never>((_, reject) => {
        timer = setTimeout(reject, LONGEST_WAIT_MS);
      }),
    ]));
  } catch {
    // A chat in English is more than no chat.
    language = 'en';
  }
  clearTimeout(timer);
  // Numbers as the visitor's country writes them, where the sentences are in their language.
  const form = language === 'en' && !locale.startsWith('en') ? language : locale;
  const isComplete = signal(false);
  let late: Partial<LateMessages> = {};
  let loading: Promise<void> | undefined;
  return {
    locale,
    language,
    isComplete,
    say(key, values = {}) {
      const message = early[key as keyof EarlyMessages] ?? late[key as keyof LateMessages] ?? '';
      return format(message, values, form);
    },
    complete() {
      loading ??= lateOf(language).then(
        ({ messages }) => {
          late = messages;
          isComplete.value = true;
        },
        (cause: unknown) => {
          loading = undefined;
          throw cause;
        },
      );
      return loading;
    },
  };
}

/** The key of the language that stands for a locale. */
function nearest(locale: string): Language {
  const given = new Intl.Locale(locale);
  // What is written in one way alone needs no looking up, which takes long the first time.
  const { language, script } = Object.hasOwn(EARLY, given.language) ? given : given.maximize();
  const isKnown = (key: string): key is Language => Object.hasOwn(EARLY, key);
  return [`${language}-${script}`, language].find(isKnown) ?? 'en';
}
