import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Dictation } from '../../voice/dictation.ts';
import { useView } from '../context.ts';
import { Icon } from '../icon.tsx';
import { MICROPHONE } from './composer-icons.ts';

/** Begins and ends dictation, where the site wants it and the browser has it. Stands between the field and *Send*. */
export function VoiceButton() {
  const { chat, composing, voice, words } = useView();
  const { say } = words;
  const [dictation, setDictation] = useState<Dictation>();
  const held = useRef<Dictation | undefined>(undefined);
  const isListening = dictation?.isListening.value === true;
  const problem = dictation?.problem.value;
  useLayoutEffect(() => () => held.current?.stop(), []);
  const isOn = voice === true || voice === 'on';
  if (!isOn || !('SpeechRecognition' in globalThis || 'webkitSpeechRecognition' in globalThis)) return null;

  const onClick = async () => {
    if (isListening) return dictation.stop();
    void composing?.load();
    chat.prepare();
    try {
      const { createDictation } = await import('../../voice/dictation.ts');
      held.current ??= createDictation({ draft: chat.draft, language: words.locale });
      setDictation(held.current);
      held.current.start();
    } catch {
      // Its code did not come: the button does what it did before, nothing, and can be pressed again.
    }
  };
  return (
    <>
      <button
        type="button"
        class={isListening ? 'round listening' : 'round quiet'}
        aria-label={say('voice.dictate')}
        aria-pressed={isListening}
        onClick={onClick}
      >
        <Icon path={MICROPHONE} />
      </button>
      <p
        class={isListening || problem === undefined ? 'unseen' : 'compose-note bad voice-note'}
        role="status"
      >
        {isListening ? say('voice.listening') : problem === undefined ? '' : say(`voice.${problem}`)}
      </p>
    </>
  );
}
