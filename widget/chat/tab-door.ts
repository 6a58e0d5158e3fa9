import type { TabLine, TabLineOptions } from './tab-line.ts';

/** Most messages that are kept for a line that is still on its way. Of a gap it asks for all there is. */
const MAX_MISSED = 100;

/** The line between the tabs of one surface, fetched when there is somebody to talk to: most visitors have one tab. */
export function openTabDoor(options: TabLineOptions): TabLine {
  const channel = new BroadcastChannel(`pagehand:${options.key}`);
  const missed: unknown[] = [];
  let line: TabLine | undefined;
  /** What was told to nobody yet. */
  let told: Parameters<TabLine['tell']> | undefined;
  let loading = false;
  let isClosed = false;

  async function load() {
    if (loading) return;
    loading = true;
    try {
      const { openTabLine } = await import('./tab-line.ts');
      if (isClosed) return;
      line = openTabLine(options, channel, missed);
      if (told !== undefined) line.tell(...told);
    } catch {
      // The next word of another tab tries again.
      loading = false;
    }
  }

  channel.onmessage = ({ data }) => {
    missed.push(data);
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
