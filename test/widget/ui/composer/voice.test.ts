import { within } from '@testing-library/preact';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { sentencesOf } from '../../../../widget/voice/speakable.ts';
import { anAnswer, aQuestion, aText, drawn, fakeChat, hideAll, partsLoaded, show } from '../fake-chat.ts';

beforeAll(partsLoaded);
afterEach(() => {
  hideAll();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const see = (holds: () => void) => vi.waitFor(holds, { timeout: 8_000 });

class FakeRecognition extends EventTarget {
  static all: FakeRecognition[] = [];
  lang = '';
  continuous = false;
  interimResults = false;
  calls: string[] = [];
  constructor() {
    super();
    FakeRecognition.all.push(this);
  }
  start() {
    this.calls.push('start');
  }
  stop() {
    this.calls.push('stop');
    this.dispatchEvent(new Event('end'));
  }
  abort() {
    this.calls.push('abort');
  }
  hear(...pieces: string[]) {
    const results = pieces.map((transcript) => [{ transcript }]);
    this.dispatchEvent(Object.assign(new Event('result'), { results }));
  }
  fail(error: string) {
    this.dispatchEvent(Object.assign(new Event('error'), { error }));
  }
}

describe('dictation', () => {
  beforeEach(() => {
    FakeRecognition.all = [];
    vi.stubGlobal('SpeechRecognition', FakeRecognition);
  });

  async function listen(draft = '') {
    const chat = fakeChat();
    chat.draft.value = draft;
    const { view } = show(chat, { voice: true, locale: 'de' });
    const button = within(view).getByRole('button', { name: 'Dictate' });
    await userEvent.click(button);
    await see(() => expect(FakeRecognition.all[0]?.calls).toEqual(['start']));
    return { chat, view, button, recognition: FakeRecognition.all[0] as FakeRecognition };
  }

  test('what is heard stands in the field as it is heard, behind what was there, in the visitor\u2019s language', async () => {
    const { chat, button, recognition } = await listen('Hello');
    expect(recognition.lang).toBe('de');
    expect(button.getAttribute('aria-pressed')).toBe('true');
    recognition.hear('two');
    expect(chat.draft.value).toBe('Hello two');
    recognition.hear('two mugs ', 'please');
    expect(chat.draft.value).toBe('Hello two mugs please');
  });

  test('a second press ends it, and what was heard stays', async () => {
    const { chat, button, recognition } = await listen();
    recognition.hear('two mugs');
    await userEvent.click(button);
    expect(recognition.calls.at(-1)).toBe('abort');
    await see(() => expect(button.getAttribute('aria-pressed')).toBe('false'));
    expect(chat.draft.value).toBe('two mugs');
  });

  test('whoever writes meanwhile has the last word', async () => {
    const { chat, button, recognition } = await listen();
    recognition.hear('two');
    chat.draft.value = 'three';
    recognition.hear('two mugs');
    expect(chat.draft.value).toBe('three');
    await see(() => expect(button.getAttribute('aria-pressed')).toBe('false'));
  });

  test('a microphone that is not allowed is said in words', async () => {
    const { view, button, recognition } = await listen();
    recognition.fail('not-allowed');
    await see(() => expect(within(view).getByText(/The microphone is not allowed/)).toBeTruthy());
    expect(button.getAttribute('aria-pressed')).toBe('false');
  });
});

test.each([undefined, false, 'off'] as const)(
  'no microphone is drawn where the site says %s',
  async (voice) => {
    vi.stubGlobal('SpeechRecognition', FakeRecognition);
    const { view } = show(fakeChat(), voice === undefined ? {} : { voice });
    await drawn();
    expect(within(view).queryByRole('button', { name: 'Dictate' })).toBeNull();
  },
);

describe('reading aloud', () => {
  function listen() {
    const said: SpeechSynthesisUtterance[] = [];
    vi.spyOn(speechSynthesis, 'speak').mockImplementation((utterance) => void said.push(utterance));
    const cancel = vi.spyOn(speechSynthesis, 'cancel').mockImplementation(() => {});
    const chat = fakeChat({
      entries: [
        aQuestion(),
        anAnswer([aText('There are **two** mugs. Both are [blue](https://x.test).')], 'a1'),
        aQuestion('More', 'u2'),
        anAnswer([aText('None.')], 'a2'),
      ],
    });
    const { view, open } = show(chat, { voice: true });
    const buttons = () => within(view).getAllByRole('button', { name: /Read aloud|Stop reading/ });
    const end = () => said.at(-1)?.onend?.(new Event('end') as SpeechSynthesisEvent);
    return { said, cancel, view, open, buttons, end };
  }

  test('an answer is read sentence by sentence, as plain words', async () => {
    const { said, buttons, end } = listen();
    await userEvent.click(buttons()[0] as HTMLElement);
    await see(() => expect(said.map(({ text }) => text)).toEqual(['There are two mugs.']));
    expect(said[0]?.lang).toBe('en');
    end();
    await see(() => expect(said.at(-1)?.text).toBe('Both are blue.'));
    expect(buttons()[0]?.getAttribute('aria-pressed')).toBe('true');
    end();
    await see(() => expect(buttons()[0]?.getAttribute('aria-pressed')).toBe('false'));
  });

  test('one at a time: another answer takes the voice', async () => {
    const { said, buttons, cancel } = listen();
    await userEvent.click(buttons()[0] as HTMLElement);
    await see(() => expect(said).toHaveLength(1));
    await userEvent.click(buttons()[1] as HTMLElement);
    await see(() => expect(said.at(-1)?.text).toBe('None.'));
    expect(cancel).toHaveBeenCalledOnce();
    expect(buttons().map((button) => button.getAttribute('aria-pressed'))).toEqual(['false', 'true']);
  });

  test('it stops when it is pressed again, and when the chat is closed', async () => {
    const { said, buttons, cancel, open } = listen();
    await userEvent.click(buttons()[0] as HTMLElement);
    await see(() => expect(said).toHaveLength(1));
    await userEvent.click(buttons()[0] as HTMLElement);
    expect(cancel).toHaveBeenCalledOnce();
    await userEvent.click(buttons()[0] as HTMLElement);
    await see(() => expect(said).toHaveLength(2));
    open.value = false;
    await see(() => expect(cancel).toHaveBeenCalledTimes(2));
  });

  test('a browser without a voice says so', async () => {
    const { said, buttons, view } = listen();
    await userEvent.click(buttons()[0] as HTMLElement);
    await see(() => expect(said).toHaveLength(1));
    said[0]?.onerror?.(new Event('error') as SpeechSynthesisErrorEvent);
    await see(() => expect(within(view).getByText('This browser has no voice for it.')).toBeTruthy());
  });
});

test.each([
  ['# Mugs\n\nTwo of them.', ['Mugs.', 'Two of them.']],
  ['Before.\n\n```js\nlet a = 1;\n```\n\nAfter.', ['Before.', 'After.']],
  ['- one\n- [x] two\n1. three', ['one', 'two', 'three']],
  ['| Mug | Price |\n|---|--:|\n| Blue | 12 |', ['Mug, Price.', 'Blue, 12.']],
  ['Use `npm start`, _now_ and **here**.', ['Use npm start, now and here.']],
  ['See https://www.example.com/a/b?c=d for more.', ['See example.com for more.']],
  ['a_b_c stays, 2 \\* 3 too', ['a_b_c stays, 2 * 3 too']],
  ['---\n\n> Quoted. Twice.', ['Quoted.', 'Twice.']],
])('of %j a voice says %j', (markdown, said) => {
  expect(sentencesOf(markdown, 'en')).toEqual(said);
});
