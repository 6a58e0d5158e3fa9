import { installPolyfill } from './tools/polyfill.ts';
import { runQueue } from './tools/queue.ts';

/**
 * `import 'pagehand/webmcp'` gives the page a `document.modelContext` where the browser has none, before anything
 * that is imported after it. On a server it does nothing.
 */
installPolyfill();
runQueue();
