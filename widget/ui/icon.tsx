export interface IconProps {
  /** Drawn on a square of 20 with a line of the text's colour. */
  readonly path: string;
  readonly filled?: boolean;
}

/** Beside words, never instead of them for a screen reader. */
export function Icon({ path, filled }: IconProps) {
  return (
    <svg class={filled ? 'icon filled' : 'icon'} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}
