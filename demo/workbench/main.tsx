import { render } from 'preact';
import { createPageTools } from '../../widget/tools/create-page-tools.ts';
import { createShop } from '../shop/shop.ts';
import { registerShopTools } from '../shop/tools.ts';
import { renderShop } from '../shop/view.ts';
import { App } from './app.tsx';
import { mountChat } from './chat.ts';
import { followAddress } from './location.ts';
import { createWorkbench } from './model.ts';

const shop = createShop();
const shopRoot = document.createElement('div');
const chatRoot = document.createElement('div');
renderShop(shop, shopRoot);

const bench = createWorkbench(createPageTools({ storageKey: 'workbench' }));
followAddress();
render(<App bench={bench} shopRoot={shopRoot} chatRoot={chatRoot} />, document.body);
mountChat(chatRoot, bench);

// After the page is drawn, because a form becomes a tool only once it is in the page.
if (document.modelContext !== undefined) {
  await registerShopTools(shop, document.modelContext, new AbortController().signal);
  await bench.refresh();
}
