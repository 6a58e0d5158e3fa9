import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

const KEPT_AS = 'pagehand-workbench-height';
const SMALLEST = 15;
const LARGEST = 85;
const STEP = 5;

/** The edge between the shop and what is below it: drag it, or use the arrow keys. Kept for the next visit. */
export function Splitter() {
  const percent = useSignal(limited(Number(localStorage.getItem(KEPT_AS) ?? '45')));
  const bar = useRef<HTMLHRElement>(null);
  useEffect(() => {
    bar.current?.parentElement?.style.setProperty('--lower', `${percent.value}%`);
  }, [percent.value]);
  const set = (next: number) => {
    percent.value = limited(next);
    localStorage.setItem(KEPT_AS, String(percent.value));
  };
  return (
    <hr
      ref={bar}
      class="splitter"
      tabIndex={0}
      aria-label="Height of the lower pane"
      aria-orientation="horizontal"
      aria-valuenow={percent.value}
      aria-valuemin={SMALLEST}
      aria-valuemax={LARGEST}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
        event.preventDefault();
        set(percent.value + (event.key === 'ArrowUp' ? STEP : -STEP));
      }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const column = event.currentTarget.parentElement?.getBoundingClientRect();
        if (column === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
        set(((column.bottom - event.clientY) / column.height) * 100);
      }}
    />
  );
}

function limited(percent: number): number {
  return Math.round(Math.min(LARGEST, Math.max(SMALLEST, Number.isFinite(percent) ? percent : 45)));
}
