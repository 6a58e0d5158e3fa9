import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConversationResponse, ConversationsResponse } from '../../protocol/history.ts';
import type { InitResponse } from '../../protocol/request.ts';
import type { SurfaceInput } from '../../server/config/define-config.ts';
import {
  aServer,
  CONFIG,
  eventsOf,
  OTHER_ORIGIN,
  OTHER_TOKEN,
  refusal,
  STORE_ORIGIN,
  STORE_TOKEN,
  type TestServer,
} from '../support/server.ts';

const SECRET = 'a secret of the site that nobody guesses, ever';
const DAY_MS = 24 * 60 * 60_000;
const NOW_SECONDS = Date.parse('2026-11-20T10:00:00Z') / 1000;

const configOf = (fields: Partial<SurfaceInput>) => {
  const [store, ...others] = CONFIG.surfaces ?? [];
  return { ...CONFIG, surfaces: [{ ...store, id: 'store', ...fields }, ...others] };
};
const hmacProof = (id: string, expiry = NOW_SECONDS + 300, secret = SECRET) => {
  const signed = `${Buffer.from(id).toString('base64url')}.${expiry}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('hex')}`;
};
const jwtProof = (claims: object, { secret = SECRET, alg = 'HS256' } = {}) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));

describe('visitors', () => {
  let server: TestServer;
  const begin = async (fields: Partial<SurfaceInput> = { identity: { secret: SECRET } }) => {
    server = await aServer({ config: configOf(fields) });
  };
  beforeEach(() => begin());
  afterEach(() => server.close());

  const init = (body: object) => server.post('/v1/client/init', { token: STORE_TOKEN, ...body });
  const opened = async (body: object) => {
    const answer = await server.init({ visitorHistory: true, ...body });
    if (answer.visitor === undefined) throw new Error('The answer names no visitor.');
    return { ...answer, visitor: answer.visitor };
  };
  /** As a widget boots: the first init tells the secret, the second claims the conversation. */
  const boot = async (rest: object = {}) => {
    const first = await opened(rest);
    const visitorToken = first.visitor.token ?? '';
    return { ...(await opened({ visitorToken, sessionId: first.sessionId, ...rest })), visitorToken };
  };
  const say = async (
    { sessionId }: Pick<InitResponse, 'sessionId'>,
    content: string,
    id = `usr_${content.replaceAll(' ', '_')}`,
  ) => eventsOf(await server.chat({ sessionId, messages: [{ id, role: 'user', content }] }));
  interface Who {
    readonly sessionId: string;
    readonly visitorToken?: string;
    readonly proof?: string;
  }
  const ask = (
    { sessionId, visitorToken, proof }: Who,
    path = '',
    { method = 'GET', body, query = '' }: { method?: string; body?: object; query?: string } = {},
  ) =>
    server.request(`/v1/client/conversations${path}?sessionId=${sessionId}${query}`, {
      method,
      headers: {
        origin: STORE_ORIGIN,
        ...(visitorToken === undefined ? {} : { 'x-visitor-token': visitorToken }),
        ...(proof === undefined ? {} : { 'x-identity-proof': proof }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const list = async (who: Who, query = '') => {
    const answer = await ask(who, '', { query });
    if (answer.status !== 200) throw new Error(await answer.text());
    return (await answer.json()) as ConversationsResponse;
  };
  const idsOf = async (who: Who) => (await list(who)).data.map(({ id }) => id);

  describe('of a browser', () => {
    test('get a secret once, and claim their conversation when they come with it', async () => {
      const first = await opened({});
      expect(first.visitor).toEqual({
        id: expect.stringMatching(/^vis_/),
        token: expect.stringMatching(/^cvt_[A-Za-z0-9_-]{43}$/),
        expiresAt: new Date(NOW_SECONDS * 1000 + 365 * DAY_MS).toISOString(),
        endUserId: null,
        identityStatus: 'not_provided',
      });
      expect(first.conversationRevision).toBe('0');
      expect(first.capabilities).toContain('history');
      expect(first.config.history).toBe(true);
      expect(await server.store.record(first.conversationId)).toMatchObject({ visitorId: null });
      const second = await opened({ visitorToken: first.visitor.token, sessionId: first.sessionId });
      expect(second).toMatchObject({
        sessionId: first.sessionId,
        conversationId: first.conversationId,
        visitor: { id: first.visitor.id },
      });
      expect(second.visitor).not.toHaveProperty('token');
      expect(await server.store.record(first.conversationId)).toMatchObject({ visitorId: first.visitor.id });
    });

    test('find only what they said themselves', async () => {
      const ada = await boot();
      await say(ada, 'mine');
      const bob = await boot();
      await say(bob, 'his');
      expect(await idsOf(ada)).toEqual([ada.conversationId]);
      expect(await idsOf(bob)).toEqual([bob.conversationId]);
      for (const method of ['GET', 'DELETE', 'PATCH']) {
        const body = method === 'PATCH' ? { title: 'mine now' } : undefined;
        const answer = await ask(bob, `/${ada.conversationId}`, { method, ...(body && { body }) });
        expect(await refusal(answer)).toBe('404 not_found');
      }
      expect(
        await refusal(await init({ visitorToken: bob.visitorToken, conversationId: ada.conversationId })),
      ).toBe('404 not_found');
    });

    test('reopen an earlier conversation in a new session, also after its own has gone', async () => {
      const before = await boot();
      await say(before, 'one');
      server.advance(40 * DAY_MS);
      await server.store.removeOld([], NOW_SECONDS * 1000 + 40 * DAY_MS, 100);
      const again = await opened({
        visitorToken: before.visitorToken,
        conversationId: before.conversationId,
      });
      expect(again.conversationId).toBe(before.conversationId);
      expect(again.sessionId).not.toBe(before.sessionId);
      await say(again, 'two');
      expect(server.asked.at(-1)?.messages).toHaveLength(3);
      expect(again.conversationRevision).not.toBe('0');
    });

    test('do not go on with what another visitor has claimed, though they know its session', async () => {
      const ada = await boot();
      const bob = await boot();
      const strange = await opened({ visitorToken: bob.visitorToken, sessionId: ada.sessionId });
      expect(strange.conversationId).not.toBe(ada.conversationId);
      expect(strange.sessionId).not.toBe(ada.sessionId);
      const nobody = await opened({ sessionId: ada.sessionId });
      expect(nobody.conversationId).not.toBe(ada.conversationId);
    });

    test('with a secret that opens nothing get a new one, but no earlier conversation', async () => {
      const ada = await boot();
      const dead = `cvt_${'x'.repeat(43)}`;
      expect((await opened({ visitorToken: dead })).visitor.token).toMatch(/^cvt_/);
      for (const visitorToken of [dead, ada.sessionId, undefined]) {
        const answer = await init({
          visitorHistory: true,
          conversationId: ada.conversationId,
          ...(visitorToken && { visitorToken }),
        });
        expect(answer.status).toBe(401);
        expect(await answer.json()).toMatchObject({ error: 'visitor_required' });
      }
    });

    test('lose their secret after a year without a visit, and keep it with one', async () => {
      const ada = await boot();
      server.advance(300 * DAY_MS);
      const later = await opened({ visitorToken: ada.visitorToken });
      expect(later.visitor.id).toBe(ada.visitor.id);
      server.advance(300 * DAY_MS);
      expect((await opened({ visitorToken: ada.visitorToken })).visitor.id).toBe(ada.visitor.id);
      server.advance(366 * DAY_MS);
      const stranger = await opened({ visitorToken: ada.visitorToken });
      expect(stranger.visitor.id).not.toBe(ada.visitor.id);
      const gone = await ask({ sessionId: stranger.sessionId, visitorToken: ada.visitorToken });
      expect(gone.status).toBe(401);
      expect(await gone.json()).toMatchObject({ error: expect.stringMatching(/not found.*expired/) });
    });

    test('of one surface are nobody on another', async () => {
      const ada = await boot();
      const elsewhere = await server.post(
        '/v1/client/init',
        { token: OTHER_TOKEN, visitorHistory: true, visitorToken: ada.visitorToken },
        { origin: OTHER_ORIGIN },
      );
      const other = (await elsewhere.json()) as InitResponse;
      expect(other.visitor?.id).not.toBe(ada.visitor.id);
    });

    test('who are reset find nothing any more, and what they said is kept', async () => {
      const ada = await boot();
      await say(ada, 'one');
      const reset = (headers: Record<string, string>) =>
        server.request(`/v1/client/visitor/reset?sessionId=${ada.sessionId}`, {
          method: 'POST',
          headers: { origin: STORE_ORIGIN, ...headers },
        });
      const answer = await reset({ 'x-visitor-token': ada.visitorToken });
      expect(await answer.json()).toEqual({ reset: true });
      expect(answer.headers.get('x-history-identity-status')).toBe('not_provided');
      expect((await reset({})).status).toBe(200);
      expect(await refusal(await ask(ada))).toBe('401 session_expired');
      expect(await server.store.messages(ada.conversationId)).toHaveLength(2);
    });

    test('need their secret, and a session', async () => {
      const ada = await boot();
      expect(await refusal(await ask({ sessionId: ada.sessionId }))).toBe('401 visitor_required');
      expect(await refusal(await ask({ ...ada, sessionId: 'cs_none' }))).toBe('401 session_expired');
    });

    test('have none where the surface keeps no history, and chat all the same', async () => {
      await server.close();
      await begin({ history: false });
      const refused = await init({ visitorHistory: true });
      expect(refused.status).toBe(403);
      expect(await refused.json()).toMatchObject({ error: 'visitor_history_disabled' });
      const plain = await server.init({ visitorToken: 'cvt_x' });
      expect(plain).not.toHaveProperty('visitor');
      expect(plain.config.history).toBe(false);
      expect(plain.capabilities).not.toContain('history');
      await say(plain, 'hello');
      const answer = await ask({ sessionId: plain.sessionId, visitorToken: 'cvt_x' });
      expect(await refusal(answer)).toBe('403 visitor_history_disabled');
    });

    test('are told by their secret, which is stored, logged and answered nowhere else', async () => {
      const ada = await boot();
      await ask(ada);
      await ask({ ...ada, visitorToken: `${ada.visitorToken}x` });
      expect(await server.store.visitor(ada.visitorToken, 0)).toBeUndefined();
      expect(server.logged()).not.toContain(ada.visitorToken);
    });
  });

  describe('who prove an identity', () => {
    test.each<[string, () => string | object | Promise<string>]>([
      ['a JWT', () => jwtProof({ sub: 'ada@example.com', exp: NOW_SECONDS + 300 })],
      ['an HMAC', () => hmacProof('ada@example.com')],
      ['an HMAC that some clients wrap', () => ({ provider: 'site', token: hmacProof('ada@example.com') })],
      [
        'a JWT that has just expired by another clock',
        () => jwtProof({ sub: 'ada@example.com', exp: NOW_SECONDS - 30 }),
      ],
      [
        'an HMAC that has just expired by another clock',
        () => hmacProof('ada@example.com', NOW_SECONDS - 30),
      ],
    ])('with %s are told by the site’s own name for them', async (_, proof) => {
      const { visitor } = await opened({ identityProof: await proof() });
      expect(visitor).toMatchObject({ endUserId: 'ada@example.com', identityStatus: 'admitted' });
    });

    test.each<[string, () => unknown]>([
      ['a wrong signature', () => hmacProof('ada', NOW_SECONDS + 300, `${SECRET}!`)],
      [
        'another end user under the same signature',
        () => hmacProof('ada').replace(/^[^.]+/, Buffer.from('bob').toString('base64url')),
      ],
      [
        'another expiry under the same signature',
        () => hmacProof('ada').replace(`${NOW_SECONDS + 300}`, `${NOW_SECONDS + 900}`),
      ],
      ['an expired HMAC', () => hmacProof('ada', NOW_SECONDS - 61)],
      ['an expired JWT', () => jwtProof({ sub: 'ada', exp: NOW_SECONDS - 61 })],
      ['a JWT without an end', () => jwtProof({ sub: 'ada' })],
      ['a JWT without a name', () => jwtProof({ exp: NOW_SECONDS + 300 })],
      [
        'a JWT of another secret',
        () => jwtProof({ sub: 'ada', exp: NOW_SECONDS + 300 }, { secret: `${SECRET}!` }),
      ],
      [
        'a JWT of another algorithm',
        () => jwtProof({ sub: 'ada', exp: NOW_SECONDS + 300 }, { secret: SECRET.repeat(2), alg: 'HS512' }),
      ],
      [
        'a JWT that nobody signed',
        () =>
          `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"ada","exp":9999999999}').toString('base64url')}.`,
      ],
      ['a name that is none', () => hmacProof('a\nb')],
      ['a name without end', () => hmacProof('a'.repeat(201))],
      ['a secret of a visitor', () => `cvt_${'x'.repeat(43)}`],
      ['a text without end', () => 'x'.repeat(5_000)],
      ['a number', () => 7],
      ['an object', () => ({ user: 'ada' })],
    ])('are refused with %s, and nothing of the proof is repeated', async (_, make) => {
      const proof = await make();
      const answer = await init({ visitorHistory: true, identityProof: proof });
      expect(answer.status).toBe(401);
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ error: 'invalid_identity_proof' });
      if (typeof proof === 'string') {
        expect(text).not.toContain(proof);
        expect(server.logged()).not.toContain(proof);
        const plain = await boot();
        const asked = await ask({ ...plain, proof: proof.replaceAll('\n', '') });
        expect(await refusal(asked)).toBe('401 invalid_identity_proof');
      }
    });

    test('find all their conversations on another device, and go on with them', async () => {
      const desk = await boot();
      await say(desk, 'before');
      const identityProof = hmacProof('ada');
      const signedIn = await opened({
        visitorToken: desk.visitorToken,
        sessionId: desk.sessionId,
        identityProof,
      });
      expect(signedIn).toMatchObject({
        conversationId: desk.conversationId,
        visitor: { id: desk.visitor.id, endUserId: 'ada', identityStatus: 'admitted' },
      });
      const phone = await boot({ identityProof });
      await say(phone, 'on the way');
      const who = { ...phone, proof: identityProof };
      expect(new Set(await idsOf(who))).toEqual(new Set([desk.conversationId, phone.conversationId]));
      // Without the proof: what was said in this browser.
      expect(await idsOf(phone)).toEqual([phone.conversationId]);
      const again = await opened({
        visitorToken: phone.visitorToken,
        conversationId: desk.conversationId,
        identityProof,
      });
      await say(again, 'and on');
      expect(server.asked.at(-1)?.messages).toHaveLength(3);
      const withoutSecret = await server.init({ conversationId: desk.conversationId, identityProof });
      expect(withoutSecret.conversationId).toBe(desk.conversationId);
      const read = await ask(who, `/${desk.conversationId}`);
      expect(read.headers.get('x-history-identity-status')).toBe('admitted');
      expect(((await read.json()) as ConversationResponse).messages).toHaveLength(4);
      expect(await idsOf({ sessionId: phone.sessionId, proof: identityProof })).toHaveLength(2);
    });

    test('of whom another uses the same browser get a clean visitor, and nothing of the first', async () => {
      const ada = await boot({ identityProof: hmacProof('ada') });
      await say(ada, 'private');
      const asBob = { ...ada, proof: hmacProof('bob') };
      const mismatch = await ask(asBob);
      expect(mismatch.status).toBe(401);
      expect(await mismatch.json()).toMatchObject({ error: 'visitor_identity_mismatch' });
      const bob = await opened({
        visitorToken: ada.visitorToken,
        sessionId: ada.sessionId,
        identityProof: hmacProof('bob'),
      });
      expect(bob.visitor.token).toMatch(/^cvt_/);
      expect(bob.visitor).toMatchObject({ endUserId: 'bob', identityStatus: 'admitted' });
      expect(bob.conversationId).not.toBe(ada.conversationId);
      const who = {
        sessionId: bob.sessionId,
        visitorToken: bob.visitor.token ?? '',
        proof: hmacProof('bob'),
      };
      expect(await idsOf(who)).toEqual([]);
      expect(await refusal(await ask(who, `/${ada.conversationId}`))).toBe('404 not_found');
    });

    test('are bound also by the first look that brings a proof', async () => {
      const ada = await boot();
      await say(ada, 'one');
      expect(await idsOf({ ...ada, proof: hmacProof('ada') })).toEqual([ada.conversationId]);
      expect((await opened({ visitorToken: ada.visitorToken })).visitor.endUserId).toBe('ada');
    });

    test('are strangers where the surface knows no secret', async () => {
      await server.close();
      await begin({});
      const { visitor, ...ada } = await boot({ identityProof: hmacProof('ada') });
      expect(visitor).toMatchObject({ endUserId: null, identityStatus: 'ignored' });
      const answer = await ask({ ...ada, proof: hmacProof('ada') });
      expect(answer.headers.get('x-history-identity-status')).toBe('ignored');
    });

    test('alone may chat where the surface says so', async () => {
      await server.close();
      await begin({ identity: { secret: SECRET, required: true } });
      expect(await refusal(await init({}))).toBe('401 identity_required');
      expect(await refusal(await init({ visitorHistory: true }))).toBe('401 identity_required');
      const ada = await boot({ identityProof: hmacProof('ada') });
      await say(ada, 'hello');
      expect(await refusal(await ask(ada))).toBe('401 identity_required');
      expect(await idsOf({ ...ada, proof: hmacProof('ada') })).toEqual([ada.conversationId]);
    });
  });
});
