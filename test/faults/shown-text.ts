import { type StreamEvent, SUPERSEDED_EVENT, Superseded } from '../../protocol/event.ts';

/** The words that a visitor sees of one execution: all its texts in order, without those that were taken back. */
export function shownText(events: readonly StreamEvent[]): string {
  const texts = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'text_start') texts.set(event.id, '');
    else if (event.type === 'text_delta') texts.set(event.id, (texts.get(event.id) ?? '') + event.delta);
    else if (event.type === 'custom' && event.name === SUPERSEDED_EVENT)
      for (const id of Superseded.parse(event.value).blockIds) texts.delete(id);
  }
  return [...texts.values()].join('');
}
