import { useComputed, useSignal } from '@preact/signals';
import type { Conversation, ToolCallPart } from '../chat/state.ts';
import type { Say } from '../messages.ts';
import { useView } from './context.ts';
import { currentCalls } from './current-calls.ts';
import { HeaderActions } from './header-actions.tsx';
import { Icon } from './icon.tsx';
import { CLOSE, MAXIMISE, RESTORE } from './panel-icons.ts';

interface HeaderProps {
  readonly title: string;
  readonly onClose?: () => void;
  readonly canGrow: boolean;
  /** The chat is the page, and its title that of the page. */
  readonly isPage: boolean;
}

export function Header({ title, onClose, canGrow, isPage }: HeaderProps) {
  const { chat, words } = useView();
  const { say } = words;
  const phase = useComputed(() => chat.conversation.value.phase).value;
  const Title = isPage ? 'h1' : 'h2';
  const sentence = useComputed(() => phaseWords(chat.conversation.value, say)).value;
  return (
    <header part="header">
      <div class="titles">
        <Title id={title}>
          <bdi>{chat.surface.value?.title || say('panel.title')}</bdi>
        </Title>
        {isPage && <h2 class="unseen">{say('thread.name')}</h2>}
        <p class={`phase ${phase}`}>
          <span class="dot" />
          <bdi>{sentence}</bdi>
        </p>
      </div>
      <HeaderActions />
      {canGrow && <GrowButton />}
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

/** For a screen that has room to spare. */
function GrowButton() {
  const { panel, words } = useView();
  const grown = useSignal(false);
  const onClick = () => {
    grown.value = !grown.value;
    panel.current?.classList.toggle('grown', grown.value);
  };
  return (
    <button
      type="button"
      class="round quiet grow"
      aria-label={words.say(grown.value ? 'panel.restore' : 'panel.maximise')}
      onClick={onClick}
    >
      <Icon path={grown.value ? RESTORE : MAXIMISE} />
    </button>
  );
}
