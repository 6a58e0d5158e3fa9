import type { Signal } from '@preact/signals';
import { Fragment, type TargetedKeyboardEvent } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { Stance } from '../modes/frame.ts';
import type { Mode } from '../options.ts';
import { Composer } from './composer.tsx';
import { useView, ViewContext } from './context.ts';
import { currentCalls } from './current-calls.ts';
import { Header } from './header.tsx';
import { loadLateParts, useLateParts } from './late-parts.ts';
import type { PanelSlots, SlotName } from './panel-slots.ts';
import { Thread } from './thread.tsx';
import type { ViewProps } from './view.tsx';

interface PanelProps extends ViewProps {
  readonly root: ShadowRoot;
  readonly slots: PanelSlots;
  readonly stance: Signal<Stance>;
}

/** Whether a visitor can put the panel away. */
export function isClosable(mode: Mode): boolean {
  return mode !== 'inline' && mode !== 'page';
}

export function Panel({ root, slots, stance, ...props }: PanelProps) {
  const { chat, open, mode, words } = props;
  const panel = useRef<HTMLElement>(null);
  const composer = useRef<HTMLTextAreaElement>(null);
  const view = useRef({
    chat,
    open,
    root,
    words,
    isTest: props.isTest,
    slots,
    drawings: props.drawings,
    sources: props.sources,
    composing: props.composing,
    attaches: props.attaches,
    voice: props.voice,
    panel,
    composer,
    loadLateParts: () => loadLateParts(words),
  });
  const title = useId();
  const closable = isClosable(mode);
  const shown = !closable || open.value;
  const { role, modal } = stance.value;

  const close = () => {
    open.value = false;
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    if (event.key !== 'Escape' || event.isComposing || !closable) return;
    event.preventDefault();
    // A dialog of the page would close along with the chat.
    event.stopPropagation();
    close();
  };
  useFocusOnOpen(root, panel, composer, closable && shown);

  return (
    <ViewContext.Provider value={view.current}>
      {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: modal is what only a dialog becomes */}
      <section
        class="panel"
        part="panel"
        role={role}
        aria-modal={modal || undefined}
        aria-labelledby={title}
        hidden={!shown}
        ref={panel}
        onKeyDown={onKeyDown}
      >
        <Slot name="edge" />
        <Header
          title={title}
          {...(closable ? { onClose: close } : {})}
          canGrow={mode === 'floating'}
          isPage={mode === 'page'}
        />
        <Slot name="below-header" />
        <Slot name="instead-of-thread" />
        <div
          class="conversation"
          hidden={slots.filled.value.some(({ slot }) => slot === 'instead-of-thread')}
        >
          <Thread />
          {shown && <Approvals />}
          <Slot name="above-composer" />
          <Composer />
        </div>
        <Slot name="footer" />
      </section>
      <Announcements />
    </ViewContext.Provider>
  );
}

/** Nothing is announced before there is a conversation. */
function Announcements() {
  const Announcer = useLateParts()?.Announcer;
  return Announcer === undefined ? null : <Announcer />;
}

function Slot({ name }: { readonly name: SlotName }) {
  const { filled } = useView().slots;
  return <Fragment>{filled.value.map(({ slot, Part }) => slot === name && <Part key={Part} />)}</Fragment>;
}

/** One card at a time: two of them side by side invite an answer to the wrong one. */
function Approvals() {
  const { chat, words } = useView();
  const calls = currentCalls(chat.conversation.value);
  const pending = calls.filter(({ state }) => state.status === 'approval' && !state.elsewhere);
  const [first] = pending;
  const asking = calls.find(({ state }) => state.status === 'asking' && !state.elsewhere);
  const parts = useLateParts();
  if (parts === undefined) return null;
  const { ApprovalCard, QuestionSheet } = parts;
  if (first === undefined)
    return asking === undefined ? null : <QuestionSheet key={asking.id} part={asking} />;
  return (
    <section class="approvals" part="card" aria-label={words.say('approval.region')}>
      <ApprovalCard key={first.id} part={first} more={pending.length - 1} />
    </section>
  );
}

/** The focus goes to the composer when the visitor opened the chat, and nowhere when the page did while it loaded. */
function useFocusOnOpen(
  root: ShadowRoot,
  panel: { readonly current: HTMLElement | null },
  composer: { readonly current: HTMLTextAreaElement | null },
  shown: boolean,
): void {
  const first = useRef(true);
  useLayoutEffect(() => {
    const byVisitor =
      !first.current || root.activeElement !== null || navigator.userActivation?.isActive === true;
    if (shown) first.current = false;
    if (shown && byVisitor) composer.current?.focus({ preventScroll: true });
    const active = root.activeElement;
    if (!shown && active instanceof HTMLElement && panel.current?.contains(active)) active.blur();
  }, [shown]);
}
