import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';

export function sendChunked(
  port: number,
  origin: string,
  path: string,
  chunks: readonly Buffer[],
): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/json', origin, 'transfer-encoding': 'chunked' };
    const request = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers }, done);
    request.on('error', fail);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
}

export function sendJson(
  agent: Agent,
  port: string,
  origin: string,
  path: string,
  body: unknown,
): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/json', origin };
    const request = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers, agent }, done);
    request.on('error', fail);
    request.end(JSON.stringify(body));
  });
}

export async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
