import { fieldsOf } from './reading.ts';
import type { Missed, TabLine, TabLineOptions } from './tab-line.ts';

/** Most messages that are kept for a line that is still on its way. Of a gap it asks for all there is. */
const MAX_MISSED = 100;

/** The line between the tabs of one surface, fetched when there is somebody to talk to: most visitors have one tab. */
export function openTabDoor(options: TabLineOptions): TabLine {
  const channel = new BroadcastChannel(`pagehand:${options.key}`);
  const missed: Missed[] = [];
  let line: TabLine | undefined;
  /** What was told, and maybe heard by nobody. */
  let told: Parameters<TabLine['tell']> | undefined;
  let loading = false;
  let isClosed = false;

  async function load() {
    if (loading) return;
    loading = true;
    try {
      const { openTabLine } = await import('./tab-line.ts');
      if (isClosed) return;
      // What this tab ran meanwhile is newer than what it was shown before.
      const isOld = told !== undefined;
      line = openTabLine(options, channel, isOld ? missed.map(({ data }) => ({ data, isOld })) : missed);
      if (told !== undefined) line.tell(...told);
    } catch {
      // The next word of another tab tries again.
      loading = false;
    }
  }

  channel.onmessage = ({ data }) => {
    // Who is new here has read what was kept; who was here before may have missed what this tab told.
    if (!loading && fieldsOf(data).type === 'ask') told = undefined;
    missed.push({ data, isOld: options.onAsk() !== undefined });
    missed.splice(0, missed.length - MAX_MISSED);
    void load();
  };
  channel.postMessage({ type: 'ask' });

  return {
    tell(...given) {
      if (line === undefined) told = given;
      else line.tell(...given);
    },
    order: (order) => channel.postMessage(order),
    close() {
      isClosed = true;
      channel.close();
    },
  };
}
