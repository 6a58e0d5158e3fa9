/**
 * Takes secrets out of whatever leaves the process, by value and in every form that they take on the way: as they are,
 * URL-encoded, JSON-escaped, in base64. Values under 6 characters are not looked for.
 */
export interface Scrubber {
  scrub(text: string): string;
  /** Every text in a JSON value, keys included. The same value where nothing was found. */
  scrubValue<Value>(value: Value): Value;
  /** Looks for these too, until the returned function is called. */
  hold(secrets: Iterable<string>): () => void;
}
