import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ConversationSummary } from '../../../protocol/history.ts';
import type { History } from '../../chat/history.ts';
import { useView } from '../context.ts';
import { Icon } from '../icon.tsx';
import { PENCIL, PIN, TRASH } from './icons.ts';
import { keepFocus } from './keep-focus.ts';
import { whenWords } from './when.ts';

/** Of the list: what is left when all else may go. */
export const HEADING = '.history h3';

interface ItemProps {
  readonly conversation: ConversationSummary;
  readonly isCurrent: boolean;
  readonly now: Date;
  readonly history: History;
  readonly onOpened: () => void;
}

/** One conversation: opened by its name, and named, pinned or deleted beside it. */
export function ConversationItem(props: ItemProps) {
  const { conversation, isCurrent, now, history, onOpened } = props;
  const { root, words } = useView();
  const { say, locale } = words;
  const [doing, setDoing] = useState<'name' | 'delete'>();
  const rename = useRef<HTMLButtonElement>(null);
  const remove = useRef<HTMLButtonElement>(null);
  const wasDoing = useRef<typeof doing>(undefined);
  useLayoutEffect(() => {
    const before = wasDoing.current;
    wasDoing.current = doing;
    // Back to where it was begun.
    if (doing === undefined && before !== undefined) (before === 'name' ? rename : remove).current?.focus();
  }, [doing]);

  const title = conversation.title || say('history.untitled');
  if (doing === 'name')
    return (
      <NameForm
        title={conversation.title ?? ''}
        onDone={(name) => {
          setDoing(undefined);
          if (name !== undefined) void history.rename(conversation.id, name);
        }}
      />
    );
  if (doing === 'delete')
    return (
      <DeleteForm
        title={title}
        onDone={(isSure) => {
          setDoing(undefined);
          if (isSure) void keepFocus(root, history.remove(conversation.id), HEADING);
        }}
      />
    );
  const open = async () => {
    if (isCurrent || (await history.open(conversation.id))) onOpened();
  };
  const pin = () =>
    // It stands under another heading then, drawn anew.
    keepFocus(
      root,
      history.pin(conversation.id, conversation.pinned !== true),
      `[data-conversation="${CSS.escape(conversation.id)}"] [aria-pressed]`,
      HEADING,
    );
  return (
    <li class="history-item" data-conversation={conversation.id}>
      <button
        type="button"
        class="history-open"
        aria-current={isCurrent ? 'true' : undefined}
        onClick={() => void open()}
      >
        <bdi class="history-title">{title}</bdi>
        <span class="history-facts">
          {conversation.preview !== null && <bdi class="history-preview">{conversation.preview}</bdi>}
          <time dateTime={conversation.updatedAt}>{whenWords(conversation.updatedAt, now, locale)}</time>
        </span>
      </button>
      <div class="history-acts">
        <ActButton
          label={say('history.rename', { title })}
          path={PENCIL}
          onClick={() => setDoing('name')}
          target={rename}
        />
        <ActButton
          label={say('history.pin', { title })}
          path={PIN}
          pressed={conversation.pinned === true}
          onClick={() => void pin()}
        />
        <ActButton
          label={say('history.delete', { title })}
          path={TRASH}
          onClick={() => setDoing('delete')}
          target={remove}
        />
      </div>
    </li>
  );
}

function ActButton(props: {
  readonly label: string;
  readonly path: string;
  readonly pressed?: boolean;
  readonly onClick: () => void;
  readonly target?: { current: HTMLButtonElement | null };
}) {
  const { label, path, pressed, onClick, target } = props;
  return (
    <button
      type="button"
      class="quiet"
      aria-label={label}
      title={label}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      {...(target && { ref: target })}
      onClick={onClick}
    >
      <Icon path={path} />
    </button>
  );
}

function NameForm({ title, onDone }: { readonly title: string; readonly onDone: (name?: string) => void }) {
  const { say } = useView().words;
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  return (
    <li class="history-item">
      <form
        class="history-name"
        onSubmit={(event) => {
          event.preventDefault();
          onDone(field.current?.value.trim() ?? '');
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.stopPropagation();
          onDone();
        }}
      >
        <input ref={field} dir="auto" maxLength={200} defaultValue={title} aria-label={say('history.name')} />
        <button type="submit" class="primary">
          {say('history.save')}
        </button>
        <button type="button" onClick={() => onDone()}>
          {say('history.cancel')}
        </button>
      </form>
    </li>
  );
}

function DeleteForm({
  title,
  onDone,
}: {
  readonly title: string;
  readonly onDone: (isSure: boolean) => void;
}) {
  const { say } = useView().words;
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => keep.current?.focus(), []);
  return (
    <li
      class="history-item history-ask"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onDone(false);
      }}
    >
      <p>
        <bdi>{say('history.deleteAsk', { title })}</bdi>
      </p>
      <button type="button" ref={keep} onClick={() => onDone(false)}>
        {say('history.keep')}
      </button>
      <button type="button" class="danger" onClick={() => onDone(true)}>
        {say('history.deleteOne')}
      </button>
    </li>
  );
}
