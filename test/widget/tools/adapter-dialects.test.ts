import { describe } from 'vitest';
import { adapterSuite } from './adapter-suite.ts';
import { frozenHost, invokeHost, jsonHost, testingHost } from './hosts.ts';

const HINTS = ['readOnlyHint', 'consequentialHint'];

describe('older dialects', () => {
  adapterSuite('a separate object for testing, everything as JSON', testingHost, {
    keepsThrownMessage: true,
    tellsToolToStop: false,
    announcesChanges: false,
    listsTitle: false,
    listsAnnotations: [],
  });
  adapterSuite('invokeTool by name, raw results', invokeHost, {
    keepsThrownMessage: true,
    tellsToolToStop: true,
    announcesChanges: false,
    listsTitle: true,
    listsAnnotations: HINTS,
  });
  adapterSuite('executeTool with JSON', jsonHost, {
    keepsThrownMessage: true,
    tellsToolToStop: false,
    announcesChanges: false,
    listsTitle: true,
    listsAnnotations: HINTS,
  });
  adapterSuite('a frozen object without events', frozenHost, {
    keepsThrownMessage: true,
    tellsToolToStop: true,
    announcesChanges: false,
    listsTitle: true,
    listsAnnotations: HINTS,
  });
});
