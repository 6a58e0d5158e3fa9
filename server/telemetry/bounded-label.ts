/**
 * Keeps the values of a label few: the first `most` that come stand for themselves, and all others are `other`. A label
 * that callers can fill would else grow without end.
 */
export function boundedLabel(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most || value.length > 100) return 'other';
    known.add(value);
    return value;
  };
}
