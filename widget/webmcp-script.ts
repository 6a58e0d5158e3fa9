import { installPolyfill } from './tools/polyfill.ts';
import { runQueue } from './tools/queue.ts';

// The classic file for a page's head: whoever asks for `modelContext` after it finds one.
installPolyfill();
runQueue();
