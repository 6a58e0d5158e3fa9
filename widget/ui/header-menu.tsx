import { useSignal } from '@preact/signals';
import type { TargetedKeyboardEvent } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { useView } from './context.ts';
import styles from './header-menu.css?inline';
import { Icon } from './icon.tsx';
import { MORE } from './panel-icons.ts';
import type { HeaderAction } from './panel-slots.ts';
import { useSheet } from './sheet.ts';

/** A button and, while it is pressed, the actions below it. */
export function HeaderMenu({ items }: { readonly items: readonly HeaderAction[] }) {
  const { root, words } = useView();
  useSheet(styles);
  const id = useId();
  const open = useSignal(false);
  const around = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  const close = (withFocus: boolean) => {
    open.value = false;
    if (withFocus) button.current?.focus();
  };
  /** Past the last comes the first, and the other way round. */
  const focusItem = (choose: (at: number, count: number) => number) => {
    const all = [...(around.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = all.indexOf(root.activeElement as HTMLElement);
    all.at(choose(at, all.length) % all.length)?.focus();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const { key } = event;
    if (!open.value && key !== 'ArrowDown') return;
    if (key === 'Tab') return close(false);
    const known: Record<string, () => void> = {
      Escape: () => close(true),
      ArrowDown: () => {
        if (open.value) focusItem((at) => at + 1);
        open.value = true;
      },
      ArrowUp: () => focusItem((at) => at - 1),
      Home: () => focusItem(() => 0),
      End: () => focusItem(() => -1),
    };
    if (known[key] === undefined) return;
    event.preventDefault();
    // Escape here closes the menu and not the chat.
    event.stopPropagation();
    known[key]();
  };
  useLayoutEffect(() => {
    if (!open.value) return;
    focusItem(() => 0);
    const onPointerDown = (event: Event) => {
      if (!event.composedPath().includes(around.current as EventTarget)) close(false);
    };
    document.addEventListener('pointerdown', onPointerDown, true);
    return () => document.removeEventListener('pointerdown', onPointerDown, true);
  }, [open.value]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its children are what is pressed
    <div class="menu-around" ref={around} onKeyDown={onKeyDown}>
      <button
        type="button"
        class="round quiet"
        aria-label={words.say('panel.more')}
        title={words.say('panel.more')}
        aria-haspopup="menu"
        aria-expanded={open.value}
        aria-controls={open.value ? id : undefined}
        ref={button}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <Icon path={MORE} />
      </button>
      {open.value && (
        <div class="menu" role="menu" id={id} aria-label={words.say('panel.more')}>
          {items.map(({ id, label, onSelect }) => (
            <button
              key={id}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close(true);
                onSelect();
              }}
            >
              {label()}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
