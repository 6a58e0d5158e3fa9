import { element } from '../element.ts';
import { euros } from './money.ts';
import type { Cart, CartItem, Order, Shop } from './shop.ts';

/** The cart beside the shelf, and the receipt that takes its place once the order is placed. */
export function cartView(shop: Shop) {
  const lines = new Map<string, { readonly root: HTMLElement; update(item: CartItem): void }>();
  const list = element('ul', { class: 'shop-lines' });
  const empty = element('p', { class: 'shop-quiet' }, 'Nothing in it yet.');
  const coupon = couponForm(shop);
  const sums = element('dl', { class: 'shop-sums' });
  const checkout = element('button', { type: 'button', class: 'shop-checkout' }, 'Place the order');
  checkout.addEventListener('click', () => shop.checkout());
  const receipt = element('div', { class: 'shop-receipt', hidden: true });
  const count = element('span', { class: 'shop-count' });
  const root = element(
    'section',
    { class: 'shop-cart', 'aria-label': 'Cart' },
    element('h3', { class: 'shop-heading' }, 'Cart ', count),
    receipt,
    empty,
    list,
    coupon.root,
    sums,
    checkout,
  );

  function update(): void {
    const { cart, order } = shop.state();
    const pieces = cart.items.reduce((sum, item) => sum + item.quantity, 0);
    count.textContent = pieces === 0 ? '' : String(pieces);
    for (const [id, line] of lines) {
      if (cart.items.some((item) => item.id === id)) continue;
      line.root.remove();
      lines.delete(id);
    }
    for (const item of cart.items) {
      const line = lines.get(item.id) ?? cartLine(item, shop);
      if (!lines.has(item.id)) list.append(line.root);
      lines.set(item.id, line);
      line.update(item);
    }
    const isEmpty = cart.items.length === 0;
    root.toggleAttribute('data-filled', !isEmpty || order !== undefined);
    empty.hidden = !isEmpty || order !== undefined;
    coupon.root.hidden = sums.hidden = checkout.hidden = isEmpty;
    coupon.update();
    sums.replaceChildren(...sumRows(cart));
    receipt.hidden = order === undefined;
    receipt.replaceChildren(...(order === undefined ? [] : receiptRows(order)));
  }

  return {
    root,
    update,
    line: (id: string) => lines.get(id)?.root,
  };
}

function cartLine(item: CartItem, shop: Shop) {
  const quantity = element('span', { class: 'shop-quantity' });
  const price = element('span', { class: 'shop-price' });
  const fewer = stepButton('−', `One ${item.name} less`);
  const more = stepButton('+', `One ${item.name} more`);
  const remove = element(
    'button',
    { type: 'button', class: 'shop-remove', 'aria-label': `Remove ${item.name}` },
    '×',
  );
  let current = item.quantity;
  fewer.addEventListener('click', () => shop.setQuantity(item.id, current - 1));
  more.addEventListener('click', () => shop.setQuantity(item.id, current + 1));
  remove.addEventListener('click', () => shop.remove(item.id));
  return {
    root: element(
      'li',
      { class: 'shop-line' },
      element('span', { class: 'shop-line-name' }, item.name),
      element('span', { class: 'shop-stepper' }, fewer, quantity, more),
      price,
      remove,
    ),
    update(next: CartItem) {
      current = next.quantity;
      quantity.textContent = String(next.quantity);
      price.textContent = euros(next.price * next.quantity);
      more.disabled = next.quantity >= (shop.state().stock.get(next.id) ?? 0);
    },
  };
}

function stepButton(text: string, label: string): HTMLButtonElement {
  return element('button', { type: 'button', class: 'shop-step', 'aria-label': label }, text);
}

function couponForm(shop: Shop) {
  const input = element('input', {
    class: 'shop-input',
    name: 'code',
    placeholder: 'Coupon',
    'aria-label': 'Coupon code',
    autocomplete: 'off',
  });
  const problem = element('p', { class: 'shop-problem', role: 'alert', hidden: true });
  const root = element(
    'form',
    { class: 'shop-coupon' },
    element('div', { class: 'shop-row' }, input, element('button', { class: 'shop-step shop-wide' }, 'Use')),
    problem,
  );
  root.addEventListener('submit', (event) => {
    event.preventDefault();
    try {
      shop.applyCoupon(input.value);
    } catch (cause) {
      problem.textContent = cause instanceof Error ? cause.message : String(cause);
      problem.hidden = false;
    }
  });
  return {
    root,
    update() {
      problem.hidden = true;
    },
  };
}

function sumRows(cart: Cart): readonly HTMLElement[] {
  const rows: (readonly [string, string])[] = cart.discount > 0 ? [['Subtotal', euros(cart.subtotal)]] : [];
  if (cart.coupon !== undefined) rows.push([cart.coupon, `−${euros(cart.discount)}`]);
  rows.push(['Total', euros(cart.total)]);
  return rows.map(([label, amount]) =>
    element('div', {}, element('dt', {}, label), element('dd', {}, amount)),
  );
}

function receiptRows(order: Order): readonly HTMLElement[] {
  return [
    element('p', { class: 'shop-thanks' }, `Order ${order.number} is placed.`),
    element(
      'ul',
      { class: 'shop-quiet' },
      ...order.cart.items.map((item) => element('li', {}, `${item.quantity} × ${item.name}`)),
    ),
    element(
      'p',
      { class: 'shop-quiet' },
      `Paid ${euros(order.cart.total)}. This is a sample shop: no money moved.`,
    ),
  ];
}
