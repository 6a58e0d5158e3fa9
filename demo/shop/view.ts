import { element } from '../element.ts';
import { cartView } from './cart-view.ts';
import { drawing } from './drawings.ts';
import { letterForm } from './letter-form.ts';
import { euros } from './money.ts';
import { CATEGORIES, PRODUCTS, type Product } from './products.ts';
import type { Change, Shop } from './shop.ts';

const HIGHLIGHT_MS = 1_800;

/** Draws the shop into `root` and keeps it true to its state. Returns the undo. */
export function renderShop(shop: Shop, root: HTMLElement): () => void {
  const cards = new Map(PRODUCTS.map((product) => [product.id, productCard(product, shop)]));
  const search = searchBar(shop);
  const shelf = element('ul', { class: 'shop-shelf' }, ...[...cards.values()].map((card) => card.root));
  const nothing = element('p', { class: 'shop-nothing', hidden: true });
  const cart = cartView(shop);
  const letter = letterForm(shop);
  const news = element('p', { class: 'shop-news', role: 'status' });

  root.classList.add('shop');
  root.replaceChildren(
    element(
      'header',
      { class: 'shop-head' },
      element('h2', { class: 'shop-name' }, 'Clay Street'),
      search.root,
    ),
    element('div', { class: 'shop-body' }, element('div', {}, shelf, nothing), cart.root),
    letter.root,
    news,
  );

  const update = (change: Change | undefined) => {
    const { found, filter } = shop.state();
    const order = found.length > 0 || filter.query !== '' ? found : PRODUCTS;
    for (const [id, card] of cards) {
      card.root.hidden = !order.some((product) => product.id === id);
      card.update();
    }
    nothing.hidden = order.length > 0;
    nothing.textContent = `Nothing here answers to “${filter.query}”.`;
    search.update();
    cart.update();
    letter.update();
    if (change === undefined) return;
    news.textContent = change.sentence;
    flash(news);
    for (const id of change.products) {
      const card = cards.get(id);
      if (card !== undefined && change.products.length < PRODUCTS.length) flash(card.root);
      const line = cart.line(id);
      if (line !== undefined) flash(line);
    }
  };
  update(undefined);
  return shop.onChange(update);
}

/** Marks what changed for a moment. The style sheet decides whether the mark moves. */
function flash(target: HTMLElement): void {
  target.removeAttribute('data-touched');
  // Reading the layout lets an animation that is under way start anew.
  void target.offsetWidth;
  target.setAttribute('data-touched', '');
  setTimeout(() => target.removeAttribute('data-touched'), HIGHLIGHT_MS);
}

function productCard(product: Product, shop: Shop) {
  const stock = element('span', { class: 'shop-stock' });
  const progress = element('progress', {
    class: 'shop-counting',
    max: '1',
    'aria-label': `Counting ${product.name}`,
  });
  const add = element(
    'button',
    { type: 'button', class: 'shop-add', 'aria-label': `Add ${product.name} to the cart` },
    'Add',
  );
  add.addEventListener('click', () => shop.add(product.id, 1));
  const root = element(
    'li',
    { class: 'shop-card' },
    element('div', { class: 'shop-picture' }, drawing(product), progress),
    element('div', { class: 'shop-title' }, product.name),
    element(
      'div',
      { class: 'shop-facts' },
      element('span', { class: 'shop-price' }, euros(product.price)),
      stock,
    ),
    add,
  );
  return {
    root,
    update() {
      const { stock: shelf, counting, cart } = shop.state();
      const left = shelf.get(product.id) ?? 0;
      const done = counting.get(product.id);
      stock.textContent = done !== undefined ? 'counting …' : left === 0 ? 'sold out' : `${left} left`;
      progress.hidden = done === undefined;
      progress.value = done ?? 0;
      const inCart = cart.items.find((item) => item.id === product.id)?.quantity ?? 0;
      add.disabled = inCart >= left;
      root.toggleAttribute('data-sold-out', left === 0);
    },
  };
}

function searchBar(shop: Shop) {
  const input = element('input', {
    type: 'search',
    class: 'shop-input',
    placeholder: 'Search, for example blue mug',
    'aria-label': 'Search the shop',
  });
  const choices = [undefined, ...CATEGORIES].map((category) => {
    const button = element('button', { type: 'button', class: 'shop-choice' }, category ?? 'all');
    button.addEventListener('click', () =>
      shop.search({ ...shop.state().filter, category, maxPrice: undefined }),
    );
    return { category, button };
  });
  input.addEventListener('input', () =>
    shop.search({ ...shop.state().filter, query: input.value, maxPrice: undefined }),
  );
  return {
    root: element(
      'search',
      { class: 'shop-search' },
      input,
      element(
        'div',
        { class: 'shop-choices', role: 'group', 'aria-label': 'Kind of product' },
        ...choices.map((choice) => choice.button),
      ),
    ),
    update() {
      const { filter } = shop.state();
      if (document.activeElement !== input) input.value = filter.query;
      for (const { category, button } of choices)
        button.setAttribute('aria-pressed', String(filter.category === category));
    },
  };
}
