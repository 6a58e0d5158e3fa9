import type { ReadonlySignal } from '@preact/signals';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { CommandSource } from '../../composer-sources.ts';
import { useView } from '../context.ts';
import { isComposing, take, writeField } from './field-text.ts';
import { type Found, type Query, queryAt, search } from './searching.ts';

interface Shown {
  readonly query: Query;
  /** `undefined` while it is searched for. */
  readonly found: readonly Found[] | undefined;
}

interface Props {
  readonly sources: ReadonlySignal<readonly CommandSource[]>;
}

/** The list over the field, of what the page offers behind `/` and `@`. The focus stays in the field. */
export function Suggestions({ sources }: Props) {
  const { chat, composer, composing, words } = useView();
  const { say } = words;
  const id = useId();
  const [shown, setShown] = useState<Shown>();
  const [active, setActive] = useState(0);
  const found = shown?.found ?? [];
  const chosen = found[active];

  const choose = ({ source, suggestion }: Found) => {
    const field = composer.current;
    if (field === null || shown === undefined) return;
    const { label, fill, send, run } = suggestion;
    const after = field.value.slice(shown.query.end);
    setShown(undefined);
    if (source.trigger === '@') {
      const before = `${field.value.slice(0, shown.query.start)}@${label}`;
      const space = after.startsWith(' ') ? '' : ' ';
      writeField(field, chat.draft, `${before}${space}${after}`, before.length + 1);
      const mention = { id: suggestion.id, name: label, source: source.name, data: suggestion.data };
      void composing?.load().then(({ mentions }) => {
        mentions.value = [...mentions.peek().filter((other) => other.id !== mention.id), mention];
      });
    } else {
      writeField(
        field,
        chat.draft,
        fill === undefined ? after.trimStart() : `${fill}${after}`,
        fill?.length ?? 0,
      );
      if (send !== undefined) void chat.send(send);
      void runOf(run);
    }
    field.focus();
  };

  useSearch(sources, setShown, () => setActive(0));
  useKeys(shown, {
    move: (by) => setActive((active + by + found.length) % Math.max(found.length, 1)),
    choose: () => chosen !== undefined && choose(chosen),
    close: () => setShown(undefined),
  });
  useSaidInField(found.length > 0, id, chosen && `${id}-${active}`);

  if (shown === undefined) return null;
  return (
    <div class="suggest">
      {found.length > 0 && (
        <div id={id} role="listbox" aria-label={say('suggest.list')}>
          {found.map((one, index) => (
            <Option
              key={`${one.source.name} ${one.suggestion.id}`}
              id={`${id}-${index}`}
              one={one}
              isActive={index === active}
              isFirst={found[index - 1]?.source !== one.source}
              onChoose={() => choose(one)}
            />
          ))}
        </div>
      )}
      <p class={found.length > 0 ? 'unseen' : 'muted'} role="status">
        {shown.found === undefined
          ? say('suggest.searching')
          : found.length === 0
            ? say('suggest.nothing')
            : say('suggest.found', { count: found.length })}
      </p>
    </div>
  );
}

interface OptionProps {
  readonly id: string;
  readonly one: Found;
  readonly isActive: boolean;
  /** Of its source: then the source is named. */
  readonly isFirst: boolean;
  readonly onChoose: () => void;
}

function Option({ id, one: { source, suggestion }, isActive, isFirst, onChoose }: OptionProps) {
  const item = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (isActive) item.current?.scrollIntoView({ block: 'nearest' });
  }, [isActive]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: its keys are those of the field, which has the focus
    // biome-ignore lint/a11y/useFocusableInteractive: as above
    <div
      id={id}
      role="option"
      aria-selected={isActive}
      ref={item}
      // The field keeps the focus.
      onPointerDown={(event) => event.preventDefault()}
      onClick={onChoose}
    >
      {isFirst && <span class="suggest-source">{source.name}</span>}
      <bdi>
        {source.trigger === '/' ? '/' : '@'}
        {suggestion.label}
      </bdi>
      {suggestion.detail !== undefined && <bdi class="muted">{suggestion.detail}</bdi>}
    </div>
  );
}

/** Searches for what stands before the caret, whenever that changed. */
function useSearch(
  sources: Props['sources'],
  show: (shown: Shown | undefined) => void,
  onFound: () => void,
): void {
  const { composer } = useView();
  useLayoutEffect(() => {
    const field = composer.current;
    if (field === null) return;
    const life = new AbortController();
    const { signal } = life;
    let asking = new AbortController();
    const look = async (event?: Event) => {
      if ((event as InputEvent | undefined)?.isComposing) return;
      asking.abort();
      asking = new AbortController();
      const mine = asking;
      const query = queryAt(field.value, field.selectionStart);
      if (query === undefined || !sources.peek().some(({ trigger }) => trigger === query.trigger)) {
        return show(undefined);
      }
      show({ query, found: undefined });
      const found = await search(sources.peek(), query, mine.signal);
      if (mine.signal.aborted || signal.aborted) return;
      onFound();
      show({ query, found });
    };
    field.addEventListener('input', look, { signal });
    field.addEventListener('compositionend', () => void look(), { signal });
    field.addEventListener(
      'blur',
      () => {
        asking.abort();
        show(undefined);
      },
      { signal },
    );
    // What was typed before this was there.
    if (
      field.getRootNode() instanceof ShadowRoot &&
      (field.getRootNode() as ShadowRoot).activeElement === field
    ) {
      void look();
    }
    return () => {
      asking.abort();
      life.abort();
    };
  }, []);
}

interface Actions {
  move(by: number): void;
  choose(): void;
  close(): void;
}

function useKeys(shown: Shown | undefined, actions: Actions): void {
  const { composer } = useView();
  const now = useRef({ shown, actions });
  now.current = { shown, actions };
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { shown: list, actions: act } = now.current;
      if (list === undefined || isComposing(event)) return;
      const isEmpty = list.found === undefined || list.found.length === 0;
      if (event.key === 'Escape') act.close();
      else if (isEmpty || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
      else if (event.key === 'ArrowDown') act.move(1);
      else if (event.key === 'ArrowUp') act.move(-1);
      else if (event.key === 'Enter' || event.key === 'Tab') act.choose();
      else return;
      take(event);
    };
    const field = composer.current;
    field?.addEventListener('keydown', onKeyDown, true);
    return () => field?.removeEventListener('keydown', onKeyDown, true);
  }, []);
}

/** A field of several lines may not be a combobox; what it may have of one, it has. */
function useSaidInField(isOpen: boolean, listId: string, activeId: string | undefined): void {
  const { composer } = useView();
  useLayoutEffect(() => {
    const field = composer.current;
    if (field === null || !isOpen) return;
    field.setAttribute('aria-autocomplete', 'list');
    field.setAttribute('aria-haspopup', 'listbox');
    field.setAttribute('aria-controls', listId);
    if (activeId === undefined) field.removeAttribute('aria-activedescendant');
    else field.setAttribute('aria-activedescendant', activeId);
    return () => {
      for (const name of ['autocomplete', 'haspopup', 'controls', 'activedescendant']) {
        field.removeAttribute(`aria-${name}`);
      }
    };
  }, [isOpen, listId, activeId]);
}

async function runOf(run: (() => unknown) | undefined): Promise<void> {
  try {
    await run?.();
  } catch (cause) {
    reportError(cause);
  }
}
