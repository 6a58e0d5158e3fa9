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

interface Language {
  readonly early: () => Promise<{ readonly messages: EarlyMessages }>;
  readonly late: () => Promise<{ readonly messages: LateMessages }>;
}

const ENGLISH: Language = {
  early: async () => ({ messages: english }),
  late: () => import('./languages/late/en.ts'),
};

/** By language, and by script where one language is written in two. */
const LANGUAGES: Readonly<Record<string, Language>> = {
  en: ENGLISH,
  de: { early: () => import('./languages/early/de.ts'), late: () => import('./languages/late/de.ts') },
  fr: { early: () => import('./languages/early/fr.ts'), late: () => import('./languages/late/fr.ts') },
  es: { early: () => import('./languages/early/es.ts'), late: () => import('./languages/late/es.ts') },
  pt: { early: () => import('./languages/early/pt.ts'), late: () => import('./languages/late/pt.ts') },
  it: { early: () => import('./languages/early/it.ts'), late: () => import('./languages/late/it.ts') },
  ar: { early: () => import('./languages/early/ar.ts'), late: () => import('./languages/late/ar.ts') },
  he: { early: () => import('./languages/early/he.ts'), late: () => import('./languages/late/he.ts') },
  hi: { early: () => import('./languages/early/hi.ts'), late: () => import('./languages/late/hi.ts') },
  ja: { early: () => import('./languages/early/ja.ts'), late: () => import('./languages/late/ja.ts') },
  ko: { early: () => import('./languages/early/ko.ts'), late: () => import('./languages/late/ko.ts') },
  'zh-Hans': {
    early: () => import('./languages/early/zh-Hans.ts'),
    late: () => import('./languages/late/zh-Hans.ts'),
  },
  'zh-Hant': {
    early: () => import('./languages/early/zh-Hant.ts'),
    late: () => import('./languages/late/zh-Hant.ts'),
  },
  nl: { early: () => import('./languages/early/nl.ts'), late: () => import('./languages/late/nl.ts') },
  pl: { early: () => import('./languages/early/pl.ts'), late: () => import('./languages/late/pl.ts') },
  tr: { early: () => import('./languages/early/tr.ts'), late: () => import('./languages/late/tr.ts') },
  ru: { early: () => import('./languages/early/ru.ts'), late: () => import('./languages/late/ru.ts') },
  uk: { early: () => import('./languages/early/uk.ts'), late: () => import('./languages/late/uk.ts') },
};

/** How long the chat waits for its words before it is drawn in English, in milliseconds. */
const LONGEST_WAIT_MS = 3_000;

/** The words for a locale. What of its language cannot be fetched is said in English. */
export async function openWords(locale: string): Promise<Words> {
  let language = nearest(locale);
  let early: EarlyMessages = english;
  try {
    ({ messages: early } = await Promise.race([
      (LANGUAGES[language] ?? ENGLISH).early(),
      new Promise<never>((_, reject) => setTimeout(reject, LONGEST_WAIT_MS)),
    ]));
  } catch {
    // A chat in English is more than no chat.
    language = 'en';
  }
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
      loading ??= (LANGUAGES[language] ?? ENGLISH).late().then(
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
function nearest(locale: string): string {
  const given = new Intl.Locale(locale);
  // What is written in one way alone needs no looking up, which takes long the first time.
  const { language, script } = Object.hasOwn(LANGUAGES, given.language) ? given : given.maximize();
  return [`${language}-${script}`, language].find((key) => Object.hasOwn(LANGUAGES, key)) ?? 'en';
}
