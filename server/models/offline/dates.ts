/** A date or a time at the start of a text, and how many characters it took. */
export interface Moment {
  readonly iso: string;
  readonly length: number;
}

const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');
const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);
const COUNTS = new Map(
  'a,one,two,three,four,five,six,seven,eight,nine,ten'
    .split(',')
    .map((word, index) => [word, Math.max(1, index)]),
);
const MONTH_PATTERN = MONTHS.map((month) => `${month.slice(0, 3)}(?:${month.slice(3)})?`).join('|');

const ISO = /^(\d{4})-(\d{2})-(\d{2})\b/;
const RELATIVE = /^(?:the )?(day after tomorrow|tomorrow|today|tonight|yesterday)\b/i;
const WEEKDAY = new RegExp(`^(?:(next|this|on|coming) )?(${WEEKDAYS.join('|')})\\b`, 'i');
const IN_SPAN = /^in (\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten) (day|week|month)s?\b/i;
const NEXT_SPAN = /^next (week|month)\b/i;
const DAY_MONTH = new RegExp(
  `^(\\d{1,2})(?:st|nd|rd|th)?(?: of)? (${MONTH_PATTERN})\\b(?:,? (\\d{4})\\b)?`,
  'i',
);
const MONTH_DAY = new RegExp(`^(${MONTH_PATTERN})\\.? (\\d{1,2})(?:st|nd|rd|th)?\\b(?:,? (\\d{4})\\b)?`, 'i');

/**
 * Reads a date at the start of `text`, counted from `now`. Days are those of UTC: the visitor's time zone is not
 * part of a request.
 */
export function readDate(text: string, now: Date): Moment | undefined {
  const iso = ISO.exec(text);
  if (iso !== null) return dateOf(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]), iso[0].length);
  const relative = RELATIVE.exec(text);
  if (relative?.[1] !== undefined)
    return after(now, RELATIVE_DAYS.get(relative[1].toLowerCase()) ?? 0, relative[0].length);
  const weekday = WEEKDAY.exec(text);
  if (weekday?.[2] !== undefined) {
    const ahead = (WEEKDAYS.indexOf(weekday[2].toLowerCase()) - now.getUTCDay() + 7) % 7;
    return after(now, ahead === 0 ? 7 : ahead, weekday[0].length);
  }
  const span = IN_SPAN.exec(text) ?? NEXT_SPAN.exec(text);
  if (span !== null) return spanAfter(now, span);
  return monthDate(text, now);
}

const RELATIVE_DAYS = new Map([
  ['yesterday', -1],
  ['today', 0],
  ['tonight', 0],
  ['tomorrow', 1],
  ['day after tomorrow', 2],
]);

function spanAfter(now: Date, span: RegExpExecArray): Moment | undefined {
  const word = span[2] === undefined ? 'one' : (span[1] ?? 'one').toLowerCase();
  const unit = (span[2] ?? span[1] ?? 'day').toLowerCase();
  const count = /^\d/.test(word) ? Number(word) : (COUNTS.get(word === 'an' ? 'a' : word) ?? 1);
  if (unit !== 'month') return after(now, count * (unit === 'week' ? 7 : 1), span[0].length);
  return dateOf(now.getUTCFullYear(), now.getUTCMonth() + count, now.getUTCDate(), span[0].length, true);
}

function monthDate(text: string, now: Date): Moment | undefined {
  const dayFirst = DAY_MONTH.exec(text);
  const monthFirst = dayFirst === null ? MONTH_DAY.exec(text) : null;
  const match = dayFirst ?? monthFirst;
  const name = dayFirst === null ? monthFirst?.[1] : dayFirst[2];
  const day = Number(dayFirst === null ? monthFirst?.[2] : dayFirst[1]);
  if (match === null || name === undefined) return undefined;
  const month = MONTHS.findIndex((candidate) => candidate.startsWith(name.slice(0, 3).toLowerCase()));
  if (match[3] !== undefined) return dateOf(Number(match[3]), month, day, match[0].length);
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  const year = now.getUTCFullYear() + (Date.UTC(now.getUTCFullYear(), month, day) < today ? 1 : 0);
  return dateOf(year, month, day, match[0].length);
}

function after(now: Date, days: number, length: number): Moment | undefined {
  return dateOf(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + days, length, true);
}

/** `rolls`: a day past the end of the month is meant; otherwise it is a date that does not exist, and no date. */
function dateOf(year: number, month: number, day: number, length: number, rolls = false): Moment | undefined {
  const date = new Date(Date.UTC(year, month, day));
  if (Number.isNaN(date.getTime()) || (!rolls && (date.getUTCMonth() !== month || date.getUTCDate() !== day)))
    return undefined;
  return { iso: date.toISOString().slice(0, 10), length };
}

const CLOCK = /^(?:at )?(\d{1,2})(?::(\d{2}))?\s?(am|pm)\b/i;
const CLOCK_24 = /^(?:at )?(\d{1,2}):(\d{2})(?::\d{2})?\b/i;
const AT_HOUR = /^at (\d{1,2})(?: o'?clock)?(?![\d.,:%\w])/i;
const NAMED_TIME = /^(?:at )?(noon|midnight|midday)\b/i;

/** Reads a time of day at the start of `text`: `15:00`. */
export function readTime(text: string): Moment | undefined {
  const named = NAMED_TIME.exec(text);
  if (named !== null)
    return { iso: named[1]?.toLowerCase() === 'midnight' ? '00:00' : '12:00', length: named[0].length };
  const match = CLOCK.exec(text) ?? CLOCK_24.exec(text) ?? AT_HOUR.exec(text);
  if (match === null) return undefined;
  const half = match[3]?.toLowerCase();
  const hour = half === undefined ? Number(match[1]) : (Number(match[1]) % 12) + (half === 'pm' ? 12 : 0);
  const minute = Number(match[2] ?? 0);
  if (hour > 23 || minute > 59) return undefined;
  return {
    iso: `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`,
    length: match[0].length,
  };
}
