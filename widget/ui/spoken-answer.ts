import type { Conversation } from '../chat/state.ts';
import { sentencesOf } from '../voice/speakable.ts';

/** How often at most an answer that grows is spoken of, in milliseconds: what comes together is said together. */
export const PAUSE_MS = 1_000;

/** A sentence's end with something behind it, or a line's. */
const END = /[.!?…](?=["'”’»)\]*_]*\s)|[。！？]|\n/g;
const FENCE = /^ {0,3}(?:`{3,}|~{3,})/gm;

export interface SpokenAnswer {
  /** Whether the answer has grown since it was last asked for its sentences. */
  hasMore(conversation: Conversation): boolean;
  /** The sentences that have come since, whole ones only until `isComplete`. Each is told once. */
  take(conversation: Conversation, isComplete: boolean): string;
}

/** Follows the words of the current answer. What stood there at first is no news. */
export function followAnswer(first: Conversation, locale: string): SpokenAnswer {
  /** How much of each text was told, by entry and part. */
  const told = new Map<string, number>();
  for (const [key, text] of textsOf(first)) told.set(key, text.length);
  return {
    hasMore: (conversation) => {
      for (const [key, text] of textsOf(conversation)) {
        if (text.length > (told.get(key) ?? 0)) return true;
      }
      return false;
    },
    take: (conversation, isComplete) => {
      const sentences: string[] = [];
      for (const [key, text, isOpen] of textsOf(conversation)) {
        const from = told.get(key) ?? 0;
        const fresh = text.slice(from);
        const length = isComplete || !isOpen ? fresh.length : wholeLength(fresh);
        if (length === 0) continue;
        told.set(key, from + length);
        sentences.push(...sentencesOf(fresh.slice(0, length), locale));
      }
      return sentences.join(' ');
    },
  };
}

/** Of the last entry: key, words, and whether more may come. */
function textsOf({ entries }: Conversation): readonly (readonly [string, string, boolean])[] {
  const last = entries.at(-1);
  if (last?.role !== 'assistant') return [];
  return last.parts.flatMap((part) =>
    part.kind === 'text' && part.role !== 'error'
      ? [[`${last.id} ${part.id}`, part.text, part.streaming] as const]
      : [],
  );
}

/** Up to the last whole sentence, and not into code that is still open: that is seen and not heard. */
function wholeLength(text: string): number {
  const fences = [...text.matchAll(FENCE)];
  const open = fences.length % 2 === 1 ? fences.at(-1)?.index : undefined;
  const closed = text.slice(0, open);
  if (open !== undefined) return open;
  const end = [...closed.matchAll(END)].at(-1);
  return end === undefined ? 0 : end.index + end[0].length;
}
