import { ToolError } from '../tool-error.ts';
import type { Builtin, BuiltinParts } from './builtin.ts';

/** `builtin:clock`: what time it is, in a zone of the IANA database. */
export function clockTool({ clock }: Pick<BuiltinParts, 'clock'>): Builtin {
  return {
    description:
      'Tells the current date and time in a time zone, with the day of the week. Use it whenever "now", "today" or "tomorrow" matters.',
    parametersSchema: {
      type: 'object',
      properties: {
        timeZone: {
          type: 'string',
          description: 'An IANA time zone, for example "Europe/Berlin". Default: "UTC".',
        },
      },
      additionalProperties: false,
    },
    idempotent: true,
    timeoutMs: 1_000,
    run: ({ timeZone = 'UTC' }) => timeIn(String(timeZone), clock()),
  };
}

function timeIn(timeZone: string, nowMs: number): Readonly<Record<string, unknown>> {
  const parts = partsIn(timeZone, nowMs);
  const { year, month, day, hour, minute, second } = parts;
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  const time = `${pad(hour)}:${pad(minute)}:${pad(second)}`;
  const offsetMinutes = Math.round(
    (Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(nowMs / 1_000) * 1_000) / 60_000,
  );
  return {
    iso: `${date}T${time}${offsetText(offsetMinutes)}`,
    timeZone: parts.timeZone,
    date,
    time,
    weekday: parts.weekday,
    ...{ year, month, day, hour, minute, second },
    utcOffset: offsetText(offsetMinutes),
    unixMs: nowMs,
  };
}

interface ClockParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly weekday: string;
  readonly timeZone: string;
}

function partsIn(timeZone: string, nowMs: number): ClockParts {
  const format = formatFor(timeZone);
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  return {
    year: number('year'),
    month: number('month'),
    day: number('day'),
    hour: number('hour'),
    minute: number('minute'),
    second: number('second'),
    weekday: parts.get('weekday') ?? '',
    timeZone: format.resolvedOptions().timeZone,
  };
}

function formatFor(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      weekday: 'long',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new ToolError(
      'invalid_arguments',
      `"${timeZone.slice(0, 100)}" is no time zone. Use a name of the IANA database, for example "Europe/Berlin" or "UTC".`,
      { cause },
    );
  }
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}
