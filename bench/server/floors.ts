/** What a stream costs with nothing behind it: the same events at the same pace, from `node:http` alone or from Hono. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { StreamEvent } from '../../protocol/event.ts';
import { encodeEvent } from '../../protocol/sse.ts';
import { type Contender, cpu, memory, type Script, Speaker, type Template } from './contender.ts';
import { serve } from './worker.ts';

const speaker = new Speaker();
let template: Template | undefined;

serve({ listen, cpu, memory, release: () => speaker.release() } satisfies Contender);

async function listen(wanted?: Template): Promise<string> {
  template = wanted;
  const server =
    process.argv[2] === 'hono'
      ? (createAdaptorServer({ fetch: honoApp().fetch, overrideGlobalObjects: false }) as Server)
      : createServer((request, response) => void answer(request, response));
  // As our server has it: visitors use their connections again.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function honoApp(): Hono {
  const app = new Hono();
  app.post('*', async (context) => {
    const script = scriptIn(await context.req.text());
    return streamSSE(context, (stream) =>
      say(script, (event) =>
        stream.writeSSE({ id: String(event.seq), event: event.type, data: JSON.stringify(event) }),
      ),
    );
  });
  return app;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const script = scriptIn(Buffer.concat(chunks).toString());
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  await say(script, (event) => void response.write(encodeEvent(event)));
  response.end();
}

async function say(script: Script, send: (event: StreamEvent) => Promise<void> | void): Promise<void> {
  if (template === undefined) throw new Error('Nobody has said what to send.');
  let seq = 0;
  for (const event of template.before) await send({ ...event, seq: ++seq });
  await speaker.begin(script);
  for (let count = 0; count < script.deltas; count += 1) {
    const delta = await speaker.delta(script);
    await send({ ...template.delta, seq: ++seq, delta } as StreamEvent);
  }
  for (const event of template.after) await send({ ...event, seq: ++seq });
}

function scriptIn(body: string): Script {
  const { messages } = JSON.parse(body) as { messages: readonly { content: string }[] };
  return JSON.parse(messages.at(-1)?.content ?? '') as Script;
}
