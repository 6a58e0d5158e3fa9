import { PRODUCTS, type Product, productById } from './products.ts';
import { type SearchFilter, searchProducts } from './search.ts';

export interface CartItem {
  readonly id: string;
  readonly name: string;
  readonly quantity: number;
  readonly price: number;
}

/** Money in euros. */
export interface Cart {
  readonly items: readonly CartItem[];
  readonly coupon: string | undefined;
  readonly subtotal: number;
  readonly discount: number;
  readonly total: number;
}

export interface Order {
  readonly number: number;
  readonly cart: Cart;
}

export interface ShopState {
  readonly filter: SearchFilter;
  readonly found: readonly Product[];
  readonly cart: Cart;
  readonly stock: ReadonlyMap<string, number>;
  /** Shelves that are being counted, with the share that is done, 0 to 1. */
  readonly counting: ReadonlyMap<string, number>;
  readonly order: Order | undefined;
  readonly subscriber: { readonly email: string; readonly topic: string } | undefined;
}

/** What just happened, and to which products, so that the page can show it. */
export interface Change {
  readonly sentence: string;
  readonly products: readonly string[];
}

export interface Shop {
  state(): ShopState;
  /** Calls back after every change. Returns the undo. */
  onChange(listener: (change: Change | undefined) => void): () => void;
  search(filter: SearchFilter): readonly Product[];
  add(productId: string, quantity: number): Cart;
  setQuantity(productId: string, quantity: number): Cart;
  remove(productId: string): Cart;
  applyCoupon(code: string): Cart;
  checkout(): Order;
  /**
   * Counts a shelf by hand, which takes about four seconds, and says what was there. Rejects with the signal's reason
   * when it is stopped.
   */
  countShelf(productId: string, signal: AbortSignal): Promise<string>;
  subscribe(email: string, topic: string): void;
}

const COUPONS: ReadonlyMap<string, number> = new Map([['SAVE10', 0.1]]);
const COUNTING_STEPS = 20;
const COUNTING_STEP_MS = 200;

/** The shop without its page: all rules, no DOM. Methods throw an error that a person can read. */
export function createShop(): Shop {
  let state: ShopState = {
    filter: { query: '' },
    found: PRODUCTS,
    cart: cartOf(new Map(), undefined),
    stock: new Map(PRODUCTS.map((product) => [product.id, product.stock])),
    counting: new Map(),
    order: undefined,
    subscriber: undefined,
  };
  let nextOrder = 1001;
  const quantities = new Map<string, number>();
  const listeners = new Set<(change: Change | undefined) => void>();

  function update(part: Partial<ShopState>, change?: Change): void {
    state = { ...state, ...part };
    for (const listener of listeners) listener(change);
  }

  function setQuantity(productId: string, quantity: number, sentence: (product: Product) => string): Cart {
    const product = known(productId);
    const left = state.stock.get(product.id) ?? 0;
    if (quantity > left)
      throw new Error(left === 0 ? `${product.name} is sold out.` : onlyLeft(product, left));
    if (quantity > 0) quantities.set(product.id, quantity);
    else quantities.delete(product.id);
    const cart = cartOf(quantities, state.cart.coupon);
    update({ cart, order: undefined }, { sentence: sentence(product), products: [product.id] });
    return cart;
  }

  return {
    state: () => state,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    search(filter) {
      const found = searchProducts(filter);
      update(
        { filter, found },
        { sentence: foundSentence(found.length, filter), products: found.map((product) => product.id) },
      );
      return found;
    },
    add(productId, quantity) {
      if (!Number.isInteger(quantity) || quantity < 1)
        throw new Error('The quantity must be a whole number, 1 or more.');
      const before = quantities.get(productId) ?? 0;
      return setQuantity(
        productId,
        before + quantity,
        (product) => `Added ${quantity} × ${product.name} to the cart`,
      );
    },
    setQuantity(productId, quantity) {
      return setQuantity(productId, quantity, (product) => `${quantity} × ${product.name} in the cart`);
    },
    remove(productId) {
      const product = known(productId);
      if (!quantities.has(productId)) throw new Error(`${product.name} is not in the cart.`);
      return setQuantity(productId, 0, () => `Took ${product.name} out of the cart`);
    },
    applyCoupon(code) {
      const coupon = code.trim().toUpperCase();
      if (!COUPONS.has(coupon))
        throw new Error(`There is no coupon "${code}". It may be mistyped or have ended.`);
      const cart = cartOf(quantities, coupon);
      update({ cart }, { sentence: `Coupon ${coupon} applied`, products: [] });
      return cart;
    },
    checkout() {
      if (quantities.size === 0) throw new Error('The cart is empty, so there is nothing to order.');
      const order = { number: nextOrder, cart: state.cart };
      nextOrder += 1;
      const stock = new Map(state.stock);
      for (const [id, quantity] of quantities) stock.set(id, (stock.get(id) ?? 0) - quantity);
      quantities.clear();
      update(
        { order, stock, cart: cartOf(quantities, undefined) },
        { sentence: `Order ${order.number} is placed`, products: [] },
      );
      return order;
    },
    async countShelf(productId, signal) {
      const product = known(productId);
      try {
        for (let step = 0; step < COUNTING_STEPS; step += 1) {
          update({ counting: withEntry(state.counting, product.id, step / COUNTING_STEPS) });
          await pause(COUNTING_STEP_MS, signal);
        }
      } finally {
        update({ counting: withEntry(state.counting, product.id, undefined) });
      }
      const sentence = `${product.name}: ${state.stock.get(product.id) ?? 0} on the shelf`;
      update({}, { sentence, products: [product.id] });
      return `${sentence}.`;
    },
    subscribe(email, topic) {
      update({ subscriber: { email, topic } }, { sentence: `${email} will get our letter`, products: [] });
    },
  };
}

function known(productId: string): Product {
  const product = productById(productId);
  if (product !== undefined) return product;
  throw new Error(
    `There is no product "${productId}". Ids look like "mug-blue"; search_products lists them.`,
  );
}

function onlyLeft(product: Product, left: number): string {
  return `Only ${left} × ${product.name} ${left === 1 ? 'is' : 'are'} left, the cart's own included.`;
}

function foundSentence(count: number, filter: SearchFilter): string {
  const what = filter.query.trim() === '' ? '' : ` for “${filter.query.trim()}”`;
  return count === 0 ? `Nothing found${what}` : `${count} ${count === 1 ? 'product' : 'products'}${what}`;
}

function cartOf(quantities: ReadonlyMap<string, number>, coupon: string | undefined): Cart {
  const items = [...quantities].map(([id, quantity]) => {
    const product = known(id);
    return { id, name: product.name, quantity, price: product.price };
  });
  const subtotal = cents(items.reduce((sum, item) => sum + item.price * item.quantity, 0));
  const discount = cents(subtotal * (COUPONS.get(coupon ?? '') ?? 0));
  return { items, coupon, subtotal, discount, total: cents(subtotal - discount) };
}

function cents(euros: number): number {
  return Math.round(euros * 100) / 100;
}

function withEntry(
  map: ReadonlyMap<string, number>,
  key: string,
  value: number | undefined,
): ReadonlyMap<string, number> {
  const copy = new Map(map);
  if (value === undefined) copy.delete(key);
  else copy.set(key, value);
  return copy;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
