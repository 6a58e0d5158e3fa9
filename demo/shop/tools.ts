import { defineTool, type ModelContext, type RegistrableTool } from '../../widget/define-tool.ts';
import { euros } from './money.ts';
import { CATEGORIES, type Product } from './products.ts';
import type { Cart, Shop } from './shop.ts';

const PRODUCT_ID = {
  type: 'string',
  description: 'The id of a product, as search_products gives it, for example "mug-blue".',
};

/** The tools that the shop offers. Each does what a button of the page does, and the page shows it. */
export function shopTools(shop: Shop): readonly RegistrableTool[] {
  return [...lookingTools(shop), ...buyingTools(shop)];
}

function lookingTools(shop: Shop): readonly RegistrableTool[] {
  return [
    defineTool({
      name: 'search_products',
      title: 'Search the shop',
      description: 'Finds products by words such as "blue mug", and shows them in the shop.',
      inputSchema: {
        type: 'object',
        properties: {
          query: { type: 'string', description: 'What to look for: a colour, a kind of product, or both.' },
          category: { type: 'string', enum: CATEGORIES, description: 'Only this kind of product.' },
          maxPrice: { type: 'number', minimum: 0, description: 'Highest price of one piece, in euros.' },
        },
        required: ['query'],
      },
      annotations: { readOnlyHint: true },
      execute: ({ query, category, maxPrice }) => ({
        results: shop
          .search({
            query: String(query ?? ''),
            category: CATEGORIES.find((known) => known === category),
            maxPrice: typeof maxPrice === 'number' ? maxPrice : undefined,
          })
          .map((product) => summary(product, shop)),
      }),
    }),
    defineTool({
      name: 'get_cart',
      title: 'Look into the cart',
      description: 'Tells what is in the cart and what it costs, in euros.',
      inputSchema: { type: 'object', properties: {} },
      annotations: { readOnlyHint: true },
      execute: () => cartFacts(shop.state().cart),
    }),
    defineTool({
      name: 'check_stock',
      title: 'Count the shelf',
      description: 'Counts by hand how many pieces of a product are on the shelf. Takes about four seconds.',
      inputSchema: { type: 'object', properties: { productId: PRODUCT_ID }, required: ['productId'] },
      annotations: { readOnlyHint: true },
      execute: async ({ productId }, { signal }) => shop.countShelf(String(productId), signal),
    }),
  ];
}

function buyingTools(shop: Shop): readonly RegistrableTool[] {
  return [
    defineTool({
      name: 'add_to_cart',
      title: 'Add to the cart',
      description: 'Puts a product into the cart.',
      inputSchema: {
        type: 'object',
        properties: {
          productId: PRODUCT_ID,
          quantity: { type: 'integer', minimum: 1, default: 1, description: 'How many pieces.' },
        },
        required: ['productId'],
      },
      execute: ({ productId, quantity }) => {
        const cart = shop.add(String(productId), quantity === undefined ? 1 : Number(quantity));
        return { added: cart.items.find((item) => item.id === productId), total: euros(cart.total) };
      },
    }),
    defineTool({
      name: 'remove_from_cart',
      title: 'Take out of the cart',
      description: 'Takes all pieces of a product out of the cart.',
      inputSchema: { type: 'object', properties: { productId: PRODUCT_ID }, required: ['productId'] },
      execute: ({ productId }) => cartFacts(shop.remove(String(productId))),
    }),
    defineTool({
      name: 'apply_coupon',
      title: 'Use a coupon',
      description: 'Takes a discount off the cart, by the code of a coupon.',
      inputSchema: {
        type: 'object',
        properties: { code: { type: 'string', minLength: 1, description: 'The code on the coupon.' } },
        required: ['code'],
      },
      execute: ({ code }) => cartFacts(shop.applyCoupon(String(code))),
    }),
    defineTool({
      name: 'checkout',
      title: 'Place the order',
      description: 'Orders and pays for what is in the cart. This cannot be undone.',
      inputSchema: { type: 'object', properties: {} },
      annotations: { consequentialHint: true },
      execute: () => {
        const order = shop.checkout();
        return { order: order.number, items: order.cart.items, paid: euros(order.cart.total) };
      },
    }),
  ];
}

/** What the form of the page offers by itself in a browser that reads `<form toolname>`, for the browsers that do not. */
function subscribeTool(shop: Shop): RegistrableTool {
  return defineTool({
    name: 'subscribe',
    title: 'Get the letter',
    description: 'Signs an address up for the shop’s letter.',
    inputSchema: {
      type: 'object',
      properties: {
        email: { type: 'string', format: 'email', description: 'Your address' },
        topic: { type: 'string', enum: ['new pieces', 'sales', 'workshops'], description: 'About' },
      },
      required: ['email', 'topic'],
    },
    execute: ({ email, topic }) => {
      shop.subscribe(String(email), String(topic));
      return `${String(email)} will hear about ${String(topic)}.`;
    },
  });
}

/** Registers the shop's tools. Until `signal` aborts, each is there exactly once. */
export async function registerShopTools(
  shop: Shop,
  context: ModelContext,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(shopTools(shop).map((tool) => context.registerTool(tool, { signal })));
  // Form tools appear a task after their form, where they appear at all.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const offered = await context.getTools();
  if (!signal.aborted && !offered.some((tool) => tool.name === 'subscribe')) {
    await context.registerTool(subscribeTool(shop), { signal });
  }
}

/** Says nothing of a discount that nobody has. */
function cartFacts({ items, subtotal, discount, total }: Cart) {
  if (items.length === 0) return 'The cart is empty.';
  const sums = discount > 0 ? { subtotal: euros(subtotal), discount: euros(discount) } : {};
  return { items, ...sums, total: euros(total) };
}

function summary(product: Product, shop: Shop) {
  const { id, name, price, color, category } = product;
  return { id, name, price, color, category, stock: shop.state().stock.get(id) ?? 0 };
}
