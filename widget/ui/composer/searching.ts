import type { CommandSource, Suggestion } from '../../composer-sources.ts';

/** What the caret stands behind. */
export interface Query {
  readonly trigger: CommandSource['trigger'];
  readonly text: string;
  /** Of the trigger, in the field. */
  readonly start: number;
  /** Of the caret. */
  readonly end: number;
}

export interface Found {
  readonly source: CommandSource;
  readonly suggestion: Suggestion;
}

/** Longest search of one source, in milliseconds. */
const SEARCH_MS = 4_000;

/** Most that one source shows. */
const MOST = 20;

/** A command stands at the beginning, a mention behind a space or a bracket. */
const COMMAND = /^\/(\S{0,40})$/;
const MENTION = /(?:^|[\s([{«“"'])@([^\s@]{0,40})$/u;

export function queryAt(text: string, caret: number): Query | undefined {
  const before = text.slice(0, caret);
  const command = COMMAND.exec(before);
  if (command !== null) return { trigger: '/', text: command[1] ?? '', start: 0, end: caret };
  const mention = MENTION.exec(before);
  if (mention === null) return undefined;
  const name = mention[1] ?? '';
  return { trigger: '@', text: name, start: caret - name.length - 1, end: caret };
}

/** Asks every source. Rejects never: what fails is the page's to see, and counts as nothing found. */
export async function search(
  sources: readonly CommandSource[],
  query: Query,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const found = await Promise.all(
    sources
      .filter(({ trigger }) => trigger === query.trigger)
      .map(async (source) => {
        const suggestions = await ask(source, query.text, signal);
        return suggestions.slice(0, MOST).map((suggestion) => ({ source, suggestion }));
      }),
  );
  return found.flat();
}

async function ask(source: CommandSource, text: string, caller: AbortSignal): Promise<readonly Suggestion[]> {
  const life = new AbortController();
  const leave = () => life.abort();
  const timer = setTimeout(leave, SEARCH_MS);
  caller.addEventListener('abort', leave);
  try {
    const over = new Promise<never>((_, reject) => {
      life.signal.addEventListener('abort', () =>
        reject(Error(`Pagehand: "${source.name}" took over ${SEARCH_MS / 1000} s to find something.`)),
      );
    });
    const answer = await Promise.race([(async () => source.search(text, life.signal))(), over]);
    return answer.filter(({ id, label }) => typeof id === 'string' && typeof label === 'string');
  } catch (cause) {
    if (!caller.aborted) reportError(cause);
    return [];
  } finally {
    clearTimeout(timer);
    caller.removeEventListener('abort', leave);
  }
}
