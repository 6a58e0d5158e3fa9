import type { StreamEvent } from '../../protocol/event.ts';
import { decodeEvent } from '../../protocol/sse.ts';

/** Reads the bytes of an event stream, however they are cut. Unknown events and broken frames are left out. */
export interface FrameReader {
  read(bytes: Uint8Array): StreamEvent[];
}

export function createFrameReader(): FrameReader {
  const decoder = new TextDecoder();
  let rest = '';
  let type: string | undefined;
  let data: string[] = [];

  function line(text: string): StreamEvent | undefined {
    if (text !== '') {
      const colon = text.indexOf(':');
      const field = colon < 0 ? text : text.slice(0, colon);
      const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') data.push(value);
      else if (field === 'event') type = value;
      return undefined;
    }
    const event = data.length === 0 ? undefined : decodeEvent(data.join('\n'), type);
    data = [];
    type = undefined;
    return event;
  }

  return {
    read(bytes) {
      // A carriage return at the very end may be half of a line's end; it waits for the next piece.
      const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      return lines.flatMap((text) => line(text) ?? []);
    },
  };
}
