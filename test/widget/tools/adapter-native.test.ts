import { describe } from 'vitest';
import { adapterSuite } from './adapter-suite.ts';
import { signalHost } from './hosts.ts';

describe('the browser\u2019s own', () => {
  adapterSuite('WebMCP of Chromium', () => signalHost('native', () => undefined), {
    keepsThrownMessage: false,
    tellsToolToStop: true,
    announcesChanges: true,
    listsTitle: true,
    listsAnnotations: ['readOnlyHint', 'consequentialHint'],
  });
});
