import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ConversationSummary } from '../../../protocol/history.ts';
import type { History } from '../../chat/history.ts';
import { useView } from '../context.ts';
import { FailureNote } from '../failure-note.tsx';
import { Icon } from '../icon.tsx';
import { ConversationItem, HEADING } from './conversation-item.tsx';
import { BACK } from './icons.ts';
import { keepFocus } from './keep-focus.ts';
import { byPeriod, type Period } from './when.ts';

export interface HistoryPaneProps {
  readonly history: History;
  /** Back to the thread. */
  readonly onClose: () => void;
}

/** How long the visitor pauses before what they typed is looked for, in milliseconds. */
const PAUSE_MS = 250;

/** The visitor's conversations, in the place of the thread: found, opened, named, pinned and deleted. */
export function HistoryPane({ history, onClose }: HistoryPaneProps) {
  const { say } = useView().words;
  const heading = useId();
  const pane = useRef<HTMLElement>(null);
  const [query, setQuery] = useState('');
  const { conversations, isLoading, hasMore, failure } = history;
  const found = conversations.value;
  useLayoutEffect(() => {
    pane.current?.querySelector('h3')?.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    const timer = setTimeout(() => void history.load(query), query === '' ? 0 : PAUSE_MS);
    return () => clearTimeout(timer);
  }, [query]);

  return (
    <section
      class="history"
      aria-labelledby={heading}
      ref={pane}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div class="history-head">
        <button type="button" class="round quiet turned" aria-label={say('history.back')} onClick={onClose}>
          <Icon path={BACK} />
        </button>
        <h3 id={heading} tabIndex={-1}>
          {say('history.title')}
        </h3>
      </div>
      <input
        type="search"
        class="history-search"
        aria-label={say('history.search')}
        placeholder={say('history.search')}
        dir="auto"
        maxLength={200}
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <p class="unseen" role="status">
        {isLoading.value || found === undefined ? '' : say('history.found', { count: found.length })}
      </p>
      {failure.value !== undefined && (
        <div class="history-failure">
          <FailureNote
            failure={{
              ...failure.value,
              message: failure.value.message,
              retryable: true,
              advice: 'connection',
            }}
            onRetry={() => void history.load(query)}
          />
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it */}
      <div class="history-list" tabIndex={0} aria-busy={isLoading.value}>
        {found !== undefined && found.length === 0 && !isLoading.value && (
          <p class="muted history-empty">
            {query.trim() === '' ? say('history.empty') : say('history.nothing', { query: query.trim() })}
          </p>
        )}
        <Groups found={found ?? []} history={history} onClose={onClose} />
        {isLoading.value && <span class="pending spinner" />}
        {hasMore.value && !isLoading.value && (
          <button type="button" class="history-more" onClick={() => void history.more()}>
            {say('history.more')}
          </button>
        )}
        {(found?.length ?? 0) > 0 && <DeleteAll history={history} />}
      </div>
    </section>
  );
}

interface GroupsProps extends Pick<HistoryPaneProps, 'history' | 'onClose'> {
  readonly found: readonly ConversationSummary[];
}

function Groups({ found, ...rest }: GroupsProps) {
  const now = new Date();
  return (
    <>
      {byPeriod(found, now).map(([period, group]) => (
        <Group key={period} period={period} found={group} now={now} {...rest} />
      ))}
    </>
  );
}

function Group(props: GroupsProps & { readonly period: Period; readonly now: Date }) {
  const { period, found, now, history, onClose } = props;
  const { say } = useView().words;
  const heading = useId();
  return (
    <section class="history-group" aria-labelledby={heading}>
      <h4 id={heading}>{say(`history.${period}`)}</h4>
      <ul>
        {found.map((conversation) => (
          <ConversationItem
            key={conversation.id}
            conversation={conversation}
            isCurrent={conversation.id === history.current()}
            now={now}
            history={history}
            onOpened={onClose}
          />
        ))}
      </ul>
    </section>
  );
}

function DeleteAll({ history }: { readonly history: History }) {
  const { root, words } = useView();
  const { say } = words;
  const [asks, setAsks] = useState(false);
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (asks) keep.current?.focus();
  }, [asks]);
  if (!asks)
    return (
      <button type="button" class="quiet history-all" onClick={() => setAsks(true)}>
        {say('history.deleteAll')}
      </button>
    );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset takes its name from a legend
    <div
      class="history-ask"
      role="group"
      aria-label={say('history.deleteAll')}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        setAsks(false);
        void keepFocus(root, Promise.resolve(), '.history-all');
      }}
    >
      <p>{say('history.deleteAllAsk')}</p>
      <button
        type="button"
        ref={keep}
        onClick={() => {
          setAsks(false);
          void keepFocus(root, Promise.resolve(), '.history-all');
        }}
      >
        {say('history.keep')}
      </button>
      <button
        type="button"
        class="danger"
        onClick={() => {
          const removed = history.removeAll().then(() => setAsks(false));
          void keepFocus(root, removed, '.history-all', HEADING);
        }}
      >
        {say('history.deleteAll')}
      </button>
    </div>
  );
}
