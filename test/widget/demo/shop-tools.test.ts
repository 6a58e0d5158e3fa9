import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createShop, type Shop } from '../../../demo/shop/shop.ts';
import { registerShopTools } from '../../../demo/shop/tools.ts';
import { renderShop } from '../../../demo/shop/view.ts';
import { createPageTools } from '../../../widget/tools/create-page-tools.ts';
import { installPolyfill } from '../../../widget/tools/polyfill.ts';

installPolyfill();
const pageTools = createPageTools();
let shop: Shop;
let leaving: AbortController;

beforeEach(async () => {
  shop = createShop();
  leaving = new AbortController();
  const root = document.createElement('div');
  document.body.replaceChildren(root);
  renderShop(shop, root);
  if (document.modelContext === undefined) throw new Error('The polyfill is not there.');
  await registerShopTools(shop, document.modelContext, leaving.signal);
});

afterEach(() => {
  leaving.abort();
  vi.useRealTimers();
});

test('each tool is there exactly once, the form’s too', async () => {
  const { tools, refused } = await pageTools.snapshot();
  expect([...tools.keys()]).toEqual([
    'add_to_cart',
    'apply_coupon',
    'check_stock',
    'checkout',
    'get_cart',
    'remove_from_cart',
    'search_products',
    'subscribe',
  ]);
  expect(refused).toEqual([]);
});

test('a search shows what it found, and its ids lead into the cart', async () => {
  const { results } = JSON.parse(await run('search_products', { query: 'two blue mugs' }));
  expect(results).toEqual([
    { id: 'mug-blue', name: 'Blue mug', price: 18, color: 'blue', category: 'mugs', stock: 24 },
  ]);
  expect(shownProducts()).toEqual(['Blue mug']);

  await run('add_to_cart', { productId: results[0].id, quantity: 2 });
  expect(cartText()).toContain('Blue mug');
  expect(cartText()).toContain('€36.00');
  expect(JSON.parse(await run('get_cart', {}))).toMatchObject({
    items: [{ id: 'mug-blue', name: 'Blue mug', quantity: 2, price: 18 }],
    total: '€36.00',
  });

  await run('remove_from_cart', { productId: 'mug-blue' });
  expect(cartText()).not.toContain('Blue mug');
});

test('what a tool changed is marked in the page', async () => {
  await run('add_to_cart', { productId: 'bowl-rust' });
  const marked = [...document.querySelectorAll('.shop-card[data-touched] .shop-title')].map(
    (title) => title.textContent,
  );
  expect(marked).toEqual(['Rust bowl']);
});

test.each([
  ['add_to_cart', { productId: 'mug-pink' }, 'There is no product "mug-pink"'],
  ['add_to_cart', { productId: 'vase-black' }, 'Black vase is sold out.'],
  ['add_to_cart', { productId: 'vase-rust', quantity: 3 }, 'Only 2 × Rust vase are left'],
  ['remove_from_cart', { productId: 'mug-blue' }, 'Blue mug is not in the cart.'],
  ['apply_coupon', { code: 'SAVE99' }, 'There is no coupon "SAVE99"'],
  ['checkout', {}, 'The cart is empty'],
])('%s with %j fails with words that the model can read', async (name, input, words) => {
  const outcome = await attempt(name, input);
  expect(outcome.status).toBe('failed');
  expect(textOf(outcome)).toContain(words);
});

test('the coupon takes a tenth off, and checking out places a visible order', async () => {
  await run('add_to_cart', { productId: 'plate-white', quantity: 2 });
  expect(JSON.parse(await run('apply_coupon', { code: 'save10' }))).toMatchObject({
    discount: '€3.80',
    total: '€34.20',
  });
  expect(JSON.parse(await run('checkout', {}))).toMatchObject({ order: 1001, paid: '€34.20' });
  expect(cartText()).toContain('Order 1001 is placed.');
  expect(shop.state().stock.get('plate-white')).toBe(38);
});

test('checkout says that it has consequences, and reading tools that they only read', async () => {
  const { tools } = await pageTools.snapshot();
  expect(tools.get('checkout')?.annotations.consequentialHint).toBe(true);
  const reading = [...tools.values()]
    .filter((tool) => tool.annotations.readOnlyHint)
    .map((tool) => tool.name);
  expect(reading).toEqual(['check_stock', 'get_cart', 'search_products']);
});

test('counting a shelf shows its progress and takes about four seconds', async () => {
  vi.useFakeTimers();
  const counting = attempt('check_stock', { productId: 'bowl-blue' });
  await vi.waitFor(() => expect(progress()?.hidden).toBe(false));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(progress()?.value).toBeGreaterThan(0.3);
  expect(progress()?.value).toBeLessThan(1);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(textOf(await counting)).toBe('Blue bowl: 6 on the shelf.');
  expect(progress()?.hidden).toBe(true);
});

test('counting stops when the call is cancelled', async () => {
  vi.useFakeTimers();
  const stop = new AbortController();
  const counting = attempt('check_stock', { productId: 'bowl-blue' }, stop.signal);
  await vi.waitFor(() => expect(progress()?.hidden).toBe(false));
  stop.abort();
  expect((await counting).status).toBe('cancelled');
  // Well before the four seconds that it would take.
  await vi.advanceTimersByTimeAsync(200);
  expect(progress()?.hidden).toBe(true);
});

test('subscribing shows who will get the letter', async () => {
  expect(await run('subscribe', { email: 'ada@example.com', topic: 'sales' })).toBe(
    'ada@example.com will hear about sales.',
  );
  expect(document.querySelector('.shop-letter')?.textContent).toContain(
    'ada@example.com will hear about sales.',
  );
});

test('the buttons of the page do what the tools do', () => {
  button('Add Blue mug to the cart').click();
  button('One Blue mug more').click();
  expect(cartText()).toContain('€36.00');
  button('Remove Blue mug').click();
  expect(cartText()).toContain('Nothing in it yet.');
});

async function attempt(name: string, input: object, signal = new AbortController().signal) {
  return pageTools.run({ toolCallId: crypto.randomUUID(), name, input }, await pageTools.snapshot(), signal);
}

async function run(name: string, input: object): Promise<string> {
  const outcome = await attempt(name, input);
  expect(outcome.status, textOf(outcome)).toBe('done');
  return textOf(outcome);
}

function textOf(outcome: Awaited<ReturnType<typeof attempt>>): string {
  return outcome.output.content.map((part) => part.text).join('');
}

function shownProducts(): readonly (string | null)[] {
  return [...document.querySelectorAll('.shop-card:not([hidden]) .shop-title')].map(
    (title) => title.textContent,
  );
}

function cartText(): string {
  return document.querySelector('[aria-label="Cart"]')?.textContent ?? '';
}

function progress(): HTMLProgressElement | null {
  return document.querySelector<HTMLProgressElement>('progress[aria-label="Counting Blue bowl"]');
}

function button(label: string): HTMLButtonElement {
  const found = document.querySelector<HTMLButtonElement>(`button[aria-label="${label}"]`);
  if (found === null) throw new Error(`There is no button "${label}".`);
  return found;
}
