import { useComputed } from '@preact/signals';
import type { TargetedInputEvent, TargetedKeyboardEvent } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useView } from './context.ts';
import { focusComposer } from './focus-composer.ts';
import { Icon } from './icon.tsx';
import { useLateParts } from './late-parts.ts';
import { ATTACH, SEND, STOP } from './panel-icons.ts';

const SIZES_ITSELF = globalThis.CSS?.supports('field-sizing', 'content') ?? false;

export function Composer() {
  const { chat, composer, composing, voice, words, loadLateParts } = useView();
  const { say } = words;
  const busy = useComputed(() => !['idle', 'failed'].includes(chat.conversation.value.phase));
  const empty = useComputed(
    () => chat.draft.value.trim() === '' && !composing?.now.value?.attachments.list.value.length,
  );
  const placeholder = chat.surface.value?.placeholder ?? say('composer.placeholder');
  const { ComposerMore: More, VoiceButton } = useLateParts() ?? {};

  const send = () => {
    const text = chat.draft.peek().trim();
    const more = composing?.now.peek();
    if (more !== undefined) more.send();
    else if (text !== '') {
      chat.draft.value = '';
      void chat.send(text);
    }
    if (!empty.peek() || text !== '') composer.current?.focus();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => {
    // Safari ends a composition before the key that ended it arrives; 229 still marks that key.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key === 'Enter' && !event.shiftKey && !composing) {
      event.preventDefault();
      send();
    }
    // Shortcuts of the page would take what is typed here for commands: from outside, the target is not a text field.
    if (event.key !== 'Escape' && !event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  };
  const onInput = (event: TargetedInputEvent<HTMLTextAreaElement>) => {
    chat.draft.value = event.currentTarget.value;
    // Whoever writes gets an answer.
    loadLateParts();
    void composing?.load();
    chat.prepare();
  };

  useLayoutEffect(() => {
    // An earlier page may have left something here.
    if (voice === true || voice === 'on' || !empty.value) loadLateParts();
  }, [empty.value]);
  useFittingHeight();
  return (
    <div class="composer" part="composer">
      {More !== undefined && <More />}
      <AttachButton />
      <textarea
        ref={composer}
        aria-label={say('composer.message')}
        placeholder={placeholder}
        rows={1}
        dir="auto"
        enterkeyhint="send"
        value={chat.draft.value}
        onInput={onInput}
        onKeyDown={onKeyDown}
      />
      {VoiceButton !== undefined && <VoiceButton />}
      {busy.value && <StopButton />}
      {(!busy.value || !empty.value) && (
        <button
          type="button"
          class="round primary"
          part="send"
          aria-label={say('composer.send')}
          aria-disabled={empty.value}
          onClick={send}
        >
          <Icon path={SEND} />
        </button>
      )}
    </div>
  );
}

/** The way in for files: a button, what is pasted into the field, and what is dropped anywhere on the panel. */
function AttachButton() {
  const { chat, attaches, composing, panel, words, loadLateParts } = useView();
  const isPossible =
    composing && attaches !== false && attaches !== 'off' && chat.surface.value?.files !== undefined;

  const onFiles = (event: Event) => {
    const data = (event as DragEvent).dataTransfer ?? (event as ClipboardEvent).clipboardData;
    if (data && !data.types.includes('Files')) return;
    if (data) event.preventDefault();
    // Now: what a browser hands over with an event is gone after it.
    const files = data ? [...data.files] : undefined;
    loadLateParts();
    if (files?.length !== 0) void composing?.load().then(({ attach }) => attach(files));
  };
  useLayoutEffect(() => {
    if (!isPossible) return;
    for (const name of ['dragenter', 'dragover', 'drop', 'paste'])
      panel.current?.addEventListener(name, onFiles);
  }, [isPossible]);

  if (!isPossible) return null;
  return (
    <button type="button" class="round quiet" aria-label={words.say('composer.attach')} onClick={onFiles}>
      <Icon path={ATTACH} />
    </button>
  );
}

function StopButton() {
  const { chat, root, composer, panel, words } = useView();
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const element = button.current;
    // It goes when the turn ends; the focus must not go with it.
    return () => {
      if (element !== null && root.activeElement === element) focusComposer(composer, panel);
    };
  }, []);
  return (
    <button
      type="button"
      class="round"
      aria-label={words.say('composer.stop')}
      ref={button}
      onClick={() => chat.stop()}
    >
      <Icon path={STOP} filled />
    </button>
  );
}

/** Lets the field grow with its text, where the browser does not by itself. CSS caps it. */
function useFittingHeight(): void {
  const { chat, composer } = useView();
  useLayoutEffect(() => {
    const field = composer.current;
    if (SIZES_ITSELF || field === null) return;
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight}px`;
  }, [chat.draft.value]);
}
