interface LauncherWords {
  /** Puts the sentence beside the launcher away. */
  readonly dismiss: string;
  /** Stands in the bar. */
  readonly write: string;
}

/** The few words that are needed before any catalogue is there. */
const WORDS: Readonly<Record<string, LauncherWords>> = {
  de: { dismiss: 'Ausblenden', write: 'Nachricht schreiben…' },
  fr: { dismiss: 'Masquer', write: 'Écrire un message…' },
  es: { dismiss: 'Descartar', write: 'Escriba un mensaje…' },
  pt: { dismiss: 'Dispensar', write: 'Escreva uma mensagem…' },
  it: { dismiss: 'Nascondi', write: 'Scrivi un messaggio…' },
  nl: { dismiss: 'Sluiten', write: 'Schrijf een bericht…' },
  pl: { dismiss: 'Ukryj', write: 'Napisz wiadomość…' },
  tr: { dismiss: 'Kapat', write: 'Mesaj yazın…' },
  ru: { dismiss: 'Скрыть', write: 'Напишите сообщение…' },
  uk: { dismiss: 'Сховати', write: 'Напишіть повідомлення…' },
  ar: { dismiss: 'إخفاء', write: 'اكتب رسالة…' },
  he: { dismiss: 'הסתרה', write: 'כתיבת הודעה…' },
  hi: { dismiss: 'छिपाएँ', write: 'संदेश लिखें…' },
  ja: { dismiss: '閉じる', write: 'メッセージを入力…' },
  ko: { dismiss: '닫기', write: '메시지 입력…' },
  'zh-Hans': { dismiss: '关闭', write: '输入消息…' },
  'zh-Hant': { dismiss: '關閉', write: '輸入訊息…' },
};

const ENGLISH: LauncherWords = { dismiss: 'Dismiss', write: 'Write a message…' };

/** In the language of a tag; in English where it is not known. */
export function launcherWords(tag: string): LauncherWords {
  try {
    const { language, script } = new Intl.Locale(tag.replaceAll('_', '-')).maximize();
    return WORDS[`${language}-${script}`] ?? WORDS[language] ?? ENGLISH;
  } catch {
    return ENGLISH;
  }
}
