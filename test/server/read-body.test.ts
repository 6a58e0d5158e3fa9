import { expect, test } from 'vitest';
import { createBodyReader } from '../../server/http/read-body.ts';

/** A request whose body comes piece by piece, as the test says. */
function slowRequest() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  const request = new Request('http://localhost/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    duplex: 'half',
  } as RequestInit);
  return {
    request,
    send: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    end: () => controller?.close(),
  };
}

test('bodies that arrive at once share what the process may hold, and make room when they are read', async () => {
  const { json: readBody } = createBodyReader(100);
  const first = slowRequest();
  const reading = readBody(first.request, 80, undefined);
  first.send(`{"a":"${'x'.repeat(60)}"`);
  await new Promise((done) => setTimeout(done, 10));

  const second = slowRequest();
  second.send(`{"b":"${'y'.repeat(40)}"}`);
  await expect(readBody(second.request, 80, undefined)).rejects.toMatchObject({
    code: 'rate_limited',
    retryAfterMs: 5_000,
  });

  first.send('}');
  first.end();
  expect(await reading).toEqual({ a: 'x'.repeat(60) });

  const third = slowRequest();
  third.send(`{"c":"${'z'.repeat(60)}"}`);
  third.end();
  expect(await readBody(third.request, 80, undefined)).toEqual({ c: 'z'.repeat(60) });
});

test('a body that breaks off gives its room back', async () => {
  const { json: readBody } = createBodyReader(100);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const broken = slowRequest();
    broken.send(`{"a":"${'x'.repeat(60)}`);
    broken.end();
    await expect(readBody(broken.request, 80, undefined)).rejects.toMatchObject({ code: 'invalid_json' });
  }
});

test('a sender that never gets to the end keeps nobody else out', async () => {
  const { json: readBody } = createBodyReader(400);
  const body = `{"a":"${'x'.repeat(60)}"}`;
  const slow = Array.from({ length: 10 }, slowRequest);
  const reading = Promise.allSettled(slow.map(({ request }) => readBody(request, 80, '192.0.2.1')));
  for (const { send } of slow) send(body);
  await new Promise((done) => setTimeout(done, 10));
  const readFrom = (sender: string) => {
    const whole = slowRequest();
    whole.send(body);
    whole.end();
    return readBody(whole.request, 80, sender);
  };
  expect(await readFrom('192.0.2.2')).toEqual({ a: 'x'.repeat(60) });
  await expect(readFrom('192.0.2.1')).rejects.toMatchObject({ code: 'rate_limited' });
  slow[0]?.end();
  expect((await reading).filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readFrom('192.0.2.1')).toEqual({ a: 'x'.repeat(60) });
});
