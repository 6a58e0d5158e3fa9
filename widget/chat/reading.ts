/** Readers for what a server sent: optional fields of events are not checked before they come here. */

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A tool's result for a person: its words where it has some, else its JSON. */
export function resultText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  const { content } = fieldsOf(value);
  if (Array.isArray(content) && content.length > 0) {
    const words = content.map((part) => textOf(fieldsOf(part).text));
    if (words.every((word) => word !== undefined)) return words.join('\n');
  }
  return JSON.stringify(value, null, 2) ?? '';
}
