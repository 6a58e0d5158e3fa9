/** Shorter values, in characters, stand in too many texts by chance: they are not looked for. */
export const SHORTEST_SECRET = 6;

/**
 * Takes secrets out of whatever leaves the process, by value and in every form that they take on the way: as they are,
 * URL-encoded, JSON-escaped, in base64. Also their beginning, where a text was cut. Not those under `SHORTEST_SECRET`.
 */
export interface Scrubber {
  scrub(text: string): string;
  /** Every text in a JSON value, keys included. The same value where nothing was found. */
  scrubValue<Value>(value: Value): Value;
  /** Looks for these too, until the returned function is called. */
  hold(secrets: Iterable<string>): () => void;
}
