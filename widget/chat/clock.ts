/** Time as the chat sees it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back before the next picture is drawn, soon after where none is. Returns the undo. */
  nextFrame(callback: () => void): () => void;
  /** Calls back after so many milliseconds. Returns the undo. */
  after(delayMs: number, callback: () => void): () => void;
}

/** A tab in the background draws no frames; after this long, in milliseconds, we go on without one. */
const LONGEST_FRAME_MS = 200;

export const BROWSER_CLOCK: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  nextFrame(callback) {
    const undo = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
    const run = () => {
      undo();
      callback();
    };
    const frame = requestAnimationFrame(run);
    const timer = setTimeout(run, LONGEST_FRAME_MS);
    return undo;
  },
};
