import bar from './bar.css?inline';

export const styles = bar;

/** A bar at the foot of the page, which the panel rises from and falls back into: all of it is in the styles. */
export function start(): () => void {
  return () => {};
}
