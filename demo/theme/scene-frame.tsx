import { effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { openWords } from '../../widget/messages.ts';
import { applyTheme } from '../../widget/theme/apply-theme.ts';
import { createPanelSlots } from '../../widget/ui/panel-slots.ts';
import { renderView } from '../../widget/ui/view.tsx';
import type { Scene } from './scenes.ts';
import { scriptedChat } from './scripted-chat.ts';
import { type Look, look } from './theme-state.ts';

/** The real chat in one state, inside a shadow root as on a site. */
export function SceneFrame({ scene }: { readonly scene: Scene }) {
  const frame = useRef<HTMLDivElement>(null);
  const { direction } = look.value;
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    let undo: (() => void) | undefined;
    let isGone = false;
    const locale = scene.locale ?? (direction === 'rtl' ? 'ar' : 'en');
    void drawScene(element, scene, locale).then((undraw) => {
      if (isGone) undraw();
      else undo = undraw;
    });
    return () => {
      isGone = true;
      undo?.();
    };
  }, [direction, scene]);
  return (
    <figure class={`scene ${scene.shape ?? ''}`} id={scene.id}>
      <figcaption>
        <a href={`?scene=${scene.id}${location.hash}`}>{scene.title}</a>
      </figcaption>
      <div class="frame" ref={frame} />
    </figure>
  );
}

async function drawScene(frame: HTMLElement, scene: Scene, locale: string): Promise<() => void> {
  const words = await openWords(locale);
  const host = document.createElement('div');
  host.className = 'scene-host';
  frame.replaceChildren(host);
  const root = host.attachShadow({ mode: 'open' });
  const slots = createPanelSlots();
  const undraw = renderView(root, {
    chat: scriptedChat(scene.conversation ?? {}, {
      // By their names the chats of one page are told apart.
      title: `Mug shop – ${scene.title}`,
      ...(scene.history ? { history: true } : {}),
      ...(scene.files
        ? { files: { maxBytes: 10_000_000, maxPerMessage: 5, accept: ['image/*', 'application/pdf'] } }
        : {}),
    }),
    open: signal(true),
    mode: 'inline',
    position: 'bottom-right',
    words,
    slots,
    isTest: false,
  });
  if (scene.history) {
    // It would take the focus as it opens, from a page that is only looked at.
    host.inert = true;
    slots.actions
      .peek()
      .find(({ id }) => id === 'history')
      ?.onSelect();
    setTimeout(() => {
      host.inert = false;
    }, 1500);
  }
  const container = root.querySelector<HTMLElement>('.ph') ?? undefined;
  let untheme = () => {};
  const stop = effect(() => {
    const now = look.value;
    untheme();
    untheme = applyTheme(root, [now.theme, schemeOf(scene, now)], container);
  });
  return () => {
    stop();
    untheme();
    undraw();
    host.remove();
  };
}

function schemeOf(scene: Scene, { scheme }: Look) {
  return scene.scheme ?? scheme;
}
