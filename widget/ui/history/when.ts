import type { ConversationSummary } from '../../../protocol/history.ts';

export type Period = 'pinned' | 'today' | 'yesterday' | 'week' | 'older';

/** Conversations under what they are looked for by, in the order in which they came. */
export function byPeriod(
  conversations: readonly ConversationSummary[],
  now: Date,
): readonly (readonly [Period, readonly ConversationSummary[]])[] {
  const periods = new Map<Period, ConversationSummary[]>();
  for (const one of conversations) {
    const period = one.pinned === true ? 'pinned' : periodOf(new Date(one.updatedAt), now);
    const group = periods.get(period) ?? [];
    periods.set(period, group);
    group.push(one);
  }
  return ORDER.flatMap((period) => {
    const group = periods.get(period);
    return group === undefined ? [] : [[period, group] as const];
  });
}

const ORDER: readonly Period[] = ['pinned', 'today', 'yesterday', 'week', 'older'];

/** The time of today, the day of this year, the date of another. */
export function whenWords(updatedAt: string, now: Date, locale: string): string {
  const date = new Date(updatedAt);
  if (Number.isNaN(date.getTime())) return '';
  const form: Intl.DateTimeFormatOptions =
    daysBefore(date, now) < 1
      ? { timeStyle: 'short' }
      : date.getFullYear() === now.getFullYear()
        ? { day: 'numeric', month: 'short' }
        : { dateStyle: 'medium' };
  return date.toLocaleString(locale, form);
}

function periodOf(date: Date, now: Date): Period {
  const days = daysBefore(date, now);
  return days < 1 ? 'today' : days < 2 ? 'yesterday' : days < 7 ? 'week' : 'older';
}

/** Counted in nights: what was said at 23:59 is yesterday's at 0:01. Rounded, because some days have 23 or 25 hours. */
function daysBefore(date: Date, now: Date): number {
  const midnight = (day: Date) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  return Math.round((midnight(now) - midnight(date)) / 86_400_000);
}
