import { useLayoutEffect, useState } from 'preact/hooks';
import { useView } from './context.ts';
import { Icon } from './icon.tsx';

const SPEAKER = 'M4 8v4h2.8L10.5 15V5L6.8 8zM13 7.8a3.2 3.2 0 0 1 0 4.400M15 5.8a6 6 0 0 1 0 8.400';

type Voice = typeof import('../voice/read-aloud.ts');

export interface ReadAloudButtonProps {
  /** Of the answer. */
  readonly id: string;
  /** Its Markdown. */
  readonly text: string;
}

/** Reads an answer aloud, and stops. Among the actions of an answer, where the site wants it and the browser can. */
export function ReadAloudButton({ id, text }: ReadAloudButtonProps) {
  const { panel, voice, words } = useView();
  const { say } = words;
  const [speech, setSpeech] = useState<Voice>();
  const [isImpossible, setImpossible] = useState(false);
  const isReading = speech?.reading.value === id;
  useLayoutEffect(() => {
    const element = panel.current;
    if (!isReading || element === null) return;
    // Nobody listens to a chat that was closed.
    const closing = new MutationObserver(() => element.hidden && speech.stopReading());
    closing.observe(element, { attributeFilter: ['hidden'] });
    return () => closing.disconnect();
  }, [isReading]);
  useLayoutEffect(
    () => () => {
      if (speech?.reading.peek() === id) speech.stopReading();
    },
    [speech],
  );
  if (!(voice === true || voice === 'on') || !('speechSynthesis' in globalThis)) return null;

  const onClick = async () => {
    if (isReading) return speech.stopReading();
    setImpossible(false);
    try {
      const module = speech ?? (await import('../voice/read-aloud.ts'));
      setSpeech(module);
      setImpossible(!(await module.readAloud(id, text, words.locale)));
    } catch {
      setImpossible(true);
    }
  };
  const label = say(isReading ? 'voice.stopReading' : 'voice.readAloud');
  return (
    <>
      <button
        type="button"
        class="quiet"
        aria-label={label}
        title={label}
        aria-pressed={isReading}
        onClick={onClick}
      >
        <Icon path={SPEAKER} />
      </button>
      <span class="muted" role="status">
        {isImpossible && say('voice.cannotRead')}
      </span>
    </>
  );
}
