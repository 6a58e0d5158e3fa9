import type { TargetedKeyboardEvent } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { UserEntry } from '../chat/state.ts';
import { PENCIL } from './answer-icons.ts';
import { useView } from './context.ts';
import { Icon } from './icon.tsx';

/** What the visitor can do with a message of theirs. Where the server edits none, its words go back to the composer. */
export function MessageTools({ entry }: { readonly entry: UserEntry }) {
  const { chat, composer, words } = useView();
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const hasEdited = useRef(false);
  useLayoutEffect(() => {
    if (!editing && hasEdited.current) button.current?.focus({ preventScroll: true });
    hasEdited.current = editing;
  }, [editing]);
  if (editing) return <EditField entry={entry} onClose={() => setEditing(false)} />;
  const canEdit = chat.capabilities.value.includes('edit');
  const label = words.say(canEdit ? 'message.edit' : 'message.reuse');
  const begin = () => {
    if (canEdit) return setEditing(true);
    void chat.edit(entry.id, entry.text);
    composer.current?.focus();
  };
  return (
    <button type="button" class="quiet edit" aria-label={label} title={label} ref={button} onClick={begin}>
      <Icon path={PENCIL} />
    </button>
  );
}

function EditField({ entry, onClose }: { readonly entry: UserEntry; readonly onClose: () => void }) {
  const { chat, composer, words } = useView();
  const { say } = words;
  const [text, setText] = useState(entry.text);
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = field.current;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
  }, []);
  const isEmpty = text.trim() === '';
  const send = () => {
    if (isEmpty) return;
    composer.current?.focus({ preventScroll: true });
    void chat.edit(entry.id, text.trim());
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => {
    // Safari ends a composition before the key that ended it arrives; 229 still marks that key.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Escape') onClose();
    else if (event.key === 'Enter' && !event.shiftKey) send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="edit-field">
      <textarea
        ref={field}
        dir="auto"
        rows={2}
        enterkeyhint="send"
        aria-label={say('message.edit')}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <p class="muted">{say('message.editHint')}</p>
      <div class="edit-answers">
        <button type="button" class="quiet" onClick={onClose}>
          {say('message.cancel')}
        </button>
        <button type="button" class="primary" aria-disabled={isEmpty} onClick={send}>
          {say('message.send')}
        </button>
      </div>
    </div>
  );
}
