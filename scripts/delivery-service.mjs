import { createServer } from 'node:http';

/** Hours of a day at which the courier of the sample shop comes. */
const HOURS = [9, 12, 15, 18];

/**
 * A small HTTP API of somebody else, for tools to call: `GET /slots?postcode=1010` gives the next free delivery slots of
 * the sample shop. The same postcode always gives the same hours. Resolves to its address, or to nothing where the port
 * is taken.
 * @param {number} port
 * @returns {Promise<string | undefined>}
 */
export function startDeliveryService(port) {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const [status, body] = answer(request.method ?? '', pathname, searchParams.get('postcode') ?? '');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(`http://localhost:${port}`));
    server.unref();
  });
}

/**
 * @param {string} method
 * @param {string} path
 * @param {string} postcode
 * @returns {[number, unknown]}
 */
function answer(method, path, postcode) {
  if (method !== 'GET' || path !== '/slots') return [404, { error: 'Ask GET /slots?postcode=1010.' }];
  if (!/^[0-9A-Za-z -]{3,10}$/.test(postcode))
    return [400, { error: 'postcode is 3 to 10 letters and digits.' }];
  const seed = [...postcode].reduce((sum, character) => sum + character.charCodeAt(0), 0);
  const slots = [1, 2, 3].map((days) => {
    const hour = HOURS[(seed + days) % HOURS.length] ?? 9;
    const date = new Date(Date.now() + days * 24 * 3_600_000).toISOString().slice(0, 10);
    return { date, from: `${hour}:00`, to: `${hour + 3}:00` };
  });
  return [200, { postcode, slots }];
}
