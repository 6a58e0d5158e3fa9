import { computed, effect, signal } from '@preact/signals';
import type { TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { readWeb, webName, writeWeb } from '../surface-storage.ts';
import docked from './docked.css?inline';
import { type Frame, SMALL_SCREEN } from './frame.ts';

/** The narrowest and the first width, in pixels. */
const [NARROWEST, USUAL] = [300, 400];
/** Narrower windows have no room to give: the panel lies over the page. */
const ROOMY = '(min-width: 900px)';
/** What one press of an arrow moves the edge by, and with Shift, in pixels. */
const [STEP, STRIDE] = [16, 80];

export const styles = docked;

/** A panel at the side of the page, which makes room for it. */
export function start(frame: Frame): () => void {
  const { root, container, open, stance, position, slots, storageKey } = frame;
  const side = position.endsWith('left') ? 'left' : 'right';
  const keptAs = webName(storageKey, 'width');
  const wanted = signal(Number(readWeb('localStorage', keptAs)) || USUAL);
  const viewport = signal(innerWidth);
  const widest = computed(() => Math.max(NARROWEST, Math.round(viewport.value * 0.6)));
  const width = computed(() => Math.min(Math.max(wanted.value, NARROWEST), widest.value));
  const roomy = matchMedia(ROOMY);
  const small = matchMedia(SMALL_SCREEN);
  const hasRoom = computed(() => viewport.value > 0 && roomy.matches && !small.matches);

  const onResize = () => {
    viewport.value = innerWidth;
  };
  addEventListener('resize', onResize);
  const undos = [
    () => removeEventListener('resize', onResize),
    effect(() => {
      container.style.setProperty('--docked-width', `${width.value}px`);
      container.classList.toggle('over', !hasRoom.value);
      stance.value = { role: hasRoom.value ? 'complementary' : 'dialog', modal: false };
    }),
    effect(() => {
      return open.value && hasRoom.value ? makeRoom(side, width, root) : undefined;
    }),
    slots.add('edge', () => (
      <Edge frame={frame} side={side} width={width} widest={widest} onMove={move} onEnd={keep} />
    )),
  ];

  function move(to: number) {
    wanted.value = Math.min(Math.max(Math.round(to), NARROWEST), widest.peek());
  }
  function keep() {
    writeWeb('localStorage', keptAs, String(wanted.peek()));
  }
  return () => {
    for (const undo of undos.reverse()) undo();
  };
}

/**
 * Narrows the page by the panel. What the page fixed to its window stays where it is; `--ph-docked-left` and
 * `--ph-docked-right` on the root tell such parts how far to move. Returns the undo.
 */
function makeRoom(side: 'left' | 'right', width: { readonly value: number }, root: ShadowRoot) {
  const { style } = document.documentElement;
  const margin = `margin-${side}`;
  const told = `--ph-docked-${side}`;
  const names = [margin, told, 'transition'];
  const before = names.map(
    (name) => [name, style.getPropertyValue(name), style.getPropertyPriority(name)] as const,
  );
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const panel = root.querySelector('.panel');
  const quick = panel === null ? '' : getComputedStyle(panel).getPropertyValue('--quick');
  if (!calm) style.setProperty('transition', `${margin} ${quick || '150ms'} ease-out`);
  const stop = effect(() => {
    style.setProperty(margin, `${width.value}px`, 'important');
    style.setProperty(told, `${width.value}px`);
  });
  return () => {
    stop();
    for (const [name, value, priority] of before) style.setProperty(name, value, priority);
  };
}

interface EdgeProps {
  readonly frame: Frame;
  readonly side: 'left' | 'right';
  readonly width: { readonly value: number };
  readonly widest: { readonly value: number };
  readonly onMove: (width: number) => void;
  readonly onEnd: () => void;
}

/** The edge between page and panel, moved by pointer or arrows. */
function Edge({ frame, side, width, widest, onMove, onEnd }: EdgeProps) {
  const outward = side === 'right' ? -1 : 1;
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const by = event.shiftKey ? STRIDE : STEP;
    const to = {
      ArrowLeft: width.value - by * outward,
      ArrowRight: width.value + by * outward,
      Home: NARROWEST,
      End: widest.value,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onMove(to);
    onEnd();
  };
  const onPointerDown = (event: TargetedPointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const edge = event.currentTarget;
    const [from, at] = [width.value, event.clientX];
    const life = new AbortController();
    const end = () => {
      life.abort();
      delete edge.dataset.moving;
      onEnd();
    };
    edge.setPointerCapture(event.pointerId);
    edge.dataset.moving = '';
    edge.addEventListener('pointermove', ({ clientX }) => onMove(from + (clientX - at) * outward), life);
    edge.addEventListener('lostpointercapture', end, life);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule of the page cannot be moved
    <div
      class="docked-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label={frame.words.say('panel.width')}
      aria-valuemin={NARROWEST}
      aria-valuemax={widest.value}
      aria-valuenow={width.value}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onDblClick={() => {
        onMove(USUAL);
        onEnd();
      }}
    />
  );
}
