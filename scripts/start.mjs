import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, ROOT } from './install.mjs';

ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
await ensureBuilt();
await import(pathToFileURL(join(ROOT, 'server/dist/main.js')).href);
// Beside the sample shop: what its courier offers, for a first tool that calls an API (README.md).
const { startDeliveryService } = await import('./delivery-service.mjs');
const port = Number(process.env.PORT || 8787) + 1;
const service = await startDeliveryService(port);
console.log(
  service === undefined
    ? `  Delivery service: none, because port ${port} is taken. Another PORT takes another one.\n`
    : `  Delivery service: ${service}/slots?postcode=1010\n`,
);
