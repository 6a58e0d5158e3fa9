import { cleanupWebMCPPolyfill, initializeWebMCPPolyfill } from '@mcp-b/webmcp-polyfill';
import { describe } from 'vitest';
import { adapterSuite } from './adapter-suite.ts';
import { signalHost } from './hosts.ts';

function install() {
  initializeWebMCPPolyfill();
  return signalHost('polyfill', cleanupWebMCPPolyfill);
}

describe('somebody else\u2019s', () => {
  adapterSuite('@mcp-b/webmcp-polyfill', install, {
    keepsThrownMessage: true,
    tellsToolToStop: false,
    announcesChanges: true,
    listsTitle: true,
    listsAnnotations: ['readOnlyHint'],
  });
});
