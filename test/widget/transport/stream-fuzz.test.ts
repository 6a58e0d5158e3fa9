import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StreamEvent } from '../../../protocol/event.ts';
import { readEvents } from '../../../widget/transport/event-stream.ts';
import { watchOver } from '../../../widget/transport/watch.ts';
import { API, collect } from './wire.ts';

/** What a server may put on the wire: a frame with an event in it, or anything else that a reader has to pass over. */
interface Piece {
  readonly lines: readonly string[];
  readonly event?: StreamEvent;
}

const newline = fc.constantFrom('\n', '\r\n', '\r');
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'Grüße, 世界 👋🏽',
    '\u2028\u2029\u0085',
    '\ud83d',
    'data: x\n\ndata: y',
    '\ufeff',
    '\0',
    '',
  ),
);

const event: fc.Arbitrary<StreamEvent> = fc.oneof(
  fc
    .record({ delta: anyText, id: fc.constant('text_1'), seq: fc.nat(), executionId: fc.constant('exec_1') })
    .map((fields): StreamEvent => ({ type: 'text_delta', ...fields })),
  fc
    .record({ seq: fc.nat(), executionId: anyText })
    .map((fields): StreamEvent => ({ type: 'ping', ...fields })),
);

/** The ways in which servers write one event. */
const frame: fc.Arbitrary<Piece> = fc
  .record({
    event,
    space: fc.constantFrom('', ' '),
    hasId: fc.boolean(),
    hasName: fc.boolean(),
    isTypeInData: fc.boolean(),
    isSpread: fc.boolean(),
  })
  .map(({ event: told, space, hasId, hasName, isTypeInData, isSpread }) => {
    const { type, ...rest } = told;
    const inData = isTypeInData || !hasName;
    const json = JSON.stringify(inData ? told : rest, null, isSpread ? 1 : 0);
    return {
      event: told,
      lines: [
        ...(hasId ? [`id:${space}${told.seq}`] : []),
        ...(hasName ? [`event:${space}${type}`] : []),
        ...json.split('\n').map((line) => `data:${space}${line}`),
        '',
      ],
    };
  });

const noise: fc.Arbitrary<Piece> = fc
  .oneof(
    fc.constantFrom(
      [': keep-alive', ''],
      [':', ''],
      ['id: 7', ''],
      ['id', ''],
      ['event: text_delta', ''],
      ['retry: soon', ''],
      ['retry: 3000', ''],
      ['data', ''],
      ['data:', ''],
      ['data: {"type":"text_delta","id":"text_1",', ''],
      ['data: null', ''],
      ['data: [1]', ''],
      ['data: {"type":"brand_new"}', ''],
      ['data: {"type":"text_delta","id":5,"delta":"x"}', ''],
      ['data: {"type":"__proto__"}', ''],
      ['event: constructor', 'data: {}', ''],
      [''],
      ['', ''],
    ),
    fc.string({ unit: 'grapheme', maxLength: 20 }).map((words) => [`: ${words.replace(/[\r\n]/g, '')}`, '']),
  )
  .map((lines) => ({ lines }));

const stream = fc.array(fc.oneof({ weight: 3, arbitrary: frame }, noise), { maxLength: 12 });

/** A CR before an LF is one line end with it, so a blank line behind a CR cannot end in LF alone. */
function joined(lines: readonly string[], newlines: fc.Stream<string>): string {
  let text = '';
  for (const line of lines) {
    const end = newlines.next().value;
    text += line + (line === '' && text.endsWith('\r') && end === '\n' ? '\r' : end);
  }
  return text;
}

function bodyOf(bytes: Uint8Array<ArrayBuffer>, cuts: readonly number[]): ReadableStream<Uint8Array> {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const pieces = edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge));
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

function read(body: ReadableStream<Uint8Array>): Promise<StreamEvent[]> {
  return collect(readEvents(API, body, watchOver(new AbortController().signal), async () => {}));
}

/** What JSON and UTF-8 make of a text on the way. */
function onTheWire(told: StreamEvent): unknown {
  return JSON.parse(new TextDecoder().decode(new TextEncoder().encode(JSON.stringify(told))));
}

test('every event comes through once and whole, however lines end, frames are written and bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      stream,
      fc.infiniteStream(newline),
      fc.array(fc.nat(), { maxLength: 30 }),
      fc.boolean(),
      fc.boolean(),
      async (pieces, newlines, cuts, hasBom, isCutShort) => {
        const lines = pieces.flatMap((piece) => piece.lines);
        // The blank line at the very end is what some servers leave out.
        if (isCutShort && lines.at(-1) === '') lines.pop();
        const text = joined(lines, newlines);
        const bytes = new TextEncoder().encode(`${hasBom ? '\ufeff' : ''}${text}`);
        const told = pieces.flatMap((piece) => (piece.event === undefined ? [] : [onTheWire(piece.event)]));
        expect(await read(bodyOf(bytes, cuts))).toEqual(told);
      },
    ),
    { numRuns: 1_500 },
  );
});

test('a stream cut at each of its bytes tells the same', async () => {
  const told: StreamEvent[] = [
    { type: 'text_delta', executionId: 'exec_1', seq: 1, id: 'text_1', delta: 'Grüße, 世界 👋🏽' },
    { type: 'ping', executionId: 'exec_1', seq: 2 },
  ];
  for (const end of ['\n', '\r\n', '\r']) {
    const text = told
      .map((each) => `id: ${each.seq}${end}data: ${JSON.stringify(each)}${end}${end}`)
      .join('');
    const bytes = new TextEncoder().encode(`\ufeff${text}`);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(await read(bodyOf(bytes, [cut])), `${JSON.stringify(end)} at ${cut}`).toEqual(told);
    }
    const single = Array.from({ length: bytes.length }, (_, index) => index);
    expect(await read(bodyOf(bytes, single))).toEqual(told);
  }
});

test.each(['\n', '\r\n', '\r'])(
  'an event is told when its frame is whole, not when the next one begins (%j)',
  async (end) => {
    let write = (_text: string) => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        write = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    const events = readEvents(API, body, watchOver(new AbortController().signal), async () => {});
    for (const seq of [1, 2]) {
      write(`data: ${JSON.stringify({ type: 'ping', executionId: 'exec_1', seq })}${end}${end}`);
      expect((await events.next()).value).toMatchObject({ seq });
    }
    await events.return(undefined);
  },
);

test('a delta of a megabyte comes through, in one piece or in thousands', async () => {
  const delta = 'äöü👋 '.repeat(100_000);
  const bytes = new TextEncoder().encode(
    `data: ${JSON.stringify({ type: 'text_delta', executionId: 'exec_1', seq: 1, id: 'text_1', delta })}\r\n\r\n`,
  );
  expect(bytes.length).toBeGreaterThan(1_000_000);
  const cuts = Array.from({ length: 5_000 }, (_, index) => index * 211);
  for (const where of [[], cuts]) {
    expect(await read(bodyOf(bytes, where))).toMatchObject([{ delta }]);
  }
});

test('no bytes at all make the reader throw anything but its own errors', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      async (bytes, cuts) => {
        const outcome = await read(bodyOf(new Uint8Array(bytes), cuts)).catch(
          (error: { code: string }) => error.code,
        );
        expect(Array.isArray(outcome) || outcome === 'unintelligible').toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  ['an id alone', 'id: 5\n\n'],
  ['a retry alone', 'retry: 3000\n\n'],
  ['nothing', ''],
  ['blank lines', '\n\n\r\n'],
])('%s is no answer in another language: it has no events', async (_, text) => {
  expect(await read(bodyOf(new TextEncoder().encode(text), []))).toEqual([]);
});
