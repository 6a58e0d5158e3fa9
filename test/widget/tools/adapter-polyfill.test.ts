import { describe } from 'vitest';
import { installPolyfill } from '../../../widget/tools/polyfill.ts';
import { adapterSuite } from './adapter-suite.ts';
import { signalHost } from './hosts.ts';

function install() {
  installPolyfill();
  return signalHost('pagehand', () => Reflect.deleteProperty(Document.prototype, 'modelContext'));
}

describe('ours', () => {
  adapterSuite('the polyfill', install, {
    keepsThrownMessage: true,
    tellsToolToStop: true,
    announcesChanges: true,
    listsTitle: true,
    listsAnnotations: ['readOnlyHint', 'consequentialHint'],
  });
});
