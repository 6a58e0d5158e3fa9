/** A secret that must be found nowhere. */
export interface Canary {
  /** Where it was put. */
  readonly slot: string;
  readonly value: string;
}

/** Which canaries stand in a text, in whatever form, as `slot: form`. */
export function canariesIn(text: string, canaries: readonly Canary[]): string[] {
  return canaries.flatMap(({ slot, value }) =>
    Object.entries(formsOf(value))
      .filter(([, form]) => text.includes(form))
      .map(([name]) => `${slot}: ${name}`),
  );
}

/** Written apart from the scrubber's own, which this is to check. */
function formsOf(value: string): Readonly<Record<string, string>> {
  const json = JSON.stringify(value).slice(1, -1);
  return {
    'as it is': value,
    'the first half': value.slice(0, Math.ceil(value.length * 0.6)),
    'the second half': value.slice(Math.floor(value.length * 0.4)),
    'in a URL': encodeURIComponent(value),
    'in a form': new URLSearchParams({ a: value }).toString().slice(2),
    'in JSON': json,
    'in JSON in JSON': JSON.stringify(json).slice(1, -1),
    'in base64': base64Inside(value, ''),
    'in base64, one byte on': base64Inside(value, '.'),
    'in base64, two bytes on': base64Inside(value, '..'),
    'in base64url': base64Inside(value, '').replaceAll('+', '-').replaceAll('/', '_'),
    'in hexadecimal': Buffer.from(value).toString('hex'),
  };
}

/** Without its first and last characters, into which the neighbours reach. */
function base64Inside(value: string, before: string): string {
  return Buffer.from(before + value)
    .toString('base64')
    .slice(before.length === 0 ? 0 : 4, -5);
}
