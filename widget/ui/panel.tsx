import { useComputed } from '@preact/signals';
import type { TargetedKeyboardEvent } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { Conversation, ToolCallPart } from '../chat/state.ts';
import type { Say } from '../messages.ts';
import { Announcer } from './announcer.tsx';
import { Composer } from './composer.tsx';
import { useView, ViewContext } from './context.ts';
import { currentCalls } from './current-calls.ts';
import { Icon } from './icon.tsx';
import { loadLateParts, useLateParts } from './late-parts.ts';
import { CLOSE } from './panel-icons.ts';
import { Thread } from './thread.tsx';
import type { ViewProps } from './view.tsx';

export function Panel({ root, ...props }: ViewProps & { readonly root: ShadowRoot }) {
  const { chat, open, layout, words } = props;
  const panel = useRef<HTMLElement>(null);
  const composer = useRef<HTMLTextAreaElement>(null);
  const view = useRef({
    chat,
    root,
    words,
    isTest: props.isTest,
    panel,
    composer,
    loadLateParts: () => loadLateParts(words),
  });
  const title = useId();
  const floating = layout === 'floating';
  const shown = !floating || open.value;

  const close = () => {
    open.value = false;
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    if (event.key !== 'Escape' || event.isComposing || !floating) return;
    event.preventDefault();
    // A dialog of the page would close along with the chat.
    event.stopPropagation();
    close();
  };
  useFocusOnOpen(root, panel, composer, floating && shown);

  return (
    <ViewContext.Provider value={view.current}>
      <section
        class="panel"
        role={floating ? 'dialog' : 'region'}
        aria-labelledby={title}
        hidden={!shown}
        ref={panel}
        onKeyDown={onKeyDown}
      >
        <Header title={title} {...(floating ? { onClose: close } : {})} />
        <Thread />
        {shown && <Approvals />}
        <Composer />
      </section>
      <Announcer />
    </ViewContext.Provider>
  );
}

function Header({ title, onClose }: { readonly title: string; readonly onClose?: () => void }) {
  const { chat, words } = useView();
  const { say } = words;
  const phase = useComputed(() => chat.conversation.value.phase).value;
  const sentence = useComputed(() => phaseWords(chat.conversation.value, say)).value;
  return (
    <header>
      <div class="titles">
        <h2 id={title}>
          <bdi>{chat.surface.value?.title || say('panel.title')}</bdi>
        </h2>
        <p class={`phase ${phase}`}>
          <span class="dot" />
          <bdi>{sentence}</bdi>
        </p>
      </div>
      {onClose !== undefined && (
        <button type="button" class="round quiet" aria-label={say('panel.close')} onClick={onClose}>
          <Icon path={CLOSE} />
        </button>
      )}
    </header>
  );
}

function phaseWords(conversation: Conversation, say: Say): string {
  const { phase, wait } = conversation;
  if (phase === 'reconnecting' && wait?.reason === 'offline') return say('phase.offline');
  if (phase === 'reconnecting' && wait?.untilMs !== undefined) return say('phase.waitingToRetry');
  const asked = currentCalls(conversation).flatMap(({ state }) =>
    state.status === 'approval' ? [state] : [],
  );
  if (asked.length > 0 && asked.every(({ elsewhere }) => elsewhere)) return say('phase.waitingElsewhere');
  const inPage = (call: ToolCallPart) => call.state.status === 'running' && call.runsIn === 'page';
  return phase === 'acting' && currentCalls(conversation).some(inPage)
    ? say('phase.actingInPage')
    : say(`phase.${phase}`);
}

/** One card at a time: two of them side by side invite an answer to the wrong one. */
function Approvals() {
  const { chat, words } = useView();
  const calls = currentCalls(chat.conversation.value);
  const pending = calls.filter(({ state }) => state.status === 'approval' && !state.elsewhere);
  const [first] = pending;
  const ApprovalCard = useLateParts()?.ApprovalCard;
  if (first === undefined || ApprovalCard === undefined) return null;
  return (
    <section class="approvals" aria-label={words.say('approval.region')}>
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
