import type { Script } from './contender.ts';

export const BENCH_TOKEN = 'ct_test_bench';
export const BENCH_ORIGIN = 'https://shop.example.com';

/** The body of one `POST /v1/client/chat`. `earlier`: messages that the visitor wrote before and that come along. */
export function chatBody(sessionId: string, script: Script, earlier = 0): string {
  const before = Array.from({ length: earlier }, (_, index) => ({
    role: 'user',
    id: `earlier_${index}`,
    content: `Message ${index} of a conversation that has gone on for a while, as long as most are.`,
  }));
  return JSON.stringify({
    sessionId,
    messages: [...before, { role: 'user', content: JSON.stringify(script) }],
  });
}

/** As from a visitor's own address behind one proxy: what an address may ask is limited. */
export function headersOf(visitor: number): Record<string, string> {
  return {
    'content-type': 'application/json',
    origin: BENCH_ORIGIN,
    'x-forwarded-for': `10.${(visitor >> 16) & 255}.${(visitor >> 8) & 255}.${visitor & 255}`,
  };
}
