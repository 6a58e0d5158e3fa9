import type { ModelTool } from '../../server/models/model.ts';
import { type Answering, aTool } from './provider-page.ts';

const text = { type: 'string' };

export const SHOP: readonly ModelTool[] = [
  aTool(
    'search_products',
    'Search the products of the shop.',
    {
      query: text,
      category: { type: 'string', enum: ['mugs', 'bowls', 'plates', 'vases'] },
      maxPrice: { type: 'number' },
    },
    ['query'],
  ),
  aTool('get_cart', 'Show what is in the cart.'),
  aTool(
    'add_to_cart',
    'Add a product to the cart.',
    { productId: text, quantity: { type: 'integer', minimum: 1 } },
    ['productId'],
  ),
  aTool('remove_from_cart', 'Remove a product from the cart.', { productId: text }, ['productId']),
  aTool('check_stock', 'Check how many of a product are in stock.', { productId: text }, ['productId']),
  aTool('apply_coupon', 'Apply a coupon code to the cart.', { code: text }, ['code']),
  aTool('checkout', 'Pay for everything in the cart.'),
  aTool(
    'subscribe',
    'Subscribe to the newsletter.',
    {
      email: { type: 'string', format: 'email' },
      topic: { type: 'string', enum: ['news', 'offers', 'events'] },
    },
    ['email', 'topic'],
  ),
];

interface ShopItem {
  readonly id: string;
  readonly name: string;
  readonly price: number;
  readonly color: string;
  readonly category: string;
  readonly stock: number;
}

const PRODUCTS: readonly ShopItem[] = [
  { id: 'mug-blue', name: 'Blue mug', price: 12.5, color: 'blue', category: 'mugs', stock: 8 },
  { id: 'mug-red', name: 'Red mug', price: 11, color: 'red', category: 'mugs', stock: 3 },
  { id: 'bowl-red', name: 'Red bowl', price: 18, color: 'red', category: 'bowls', stock: 5 },
  { id: 'plate-white', name: 'White plate', price: 9, color: 'white', category: 'plates', stock: 0 },
];

/** A shop that remembers its cart. */
export function shop(): Answering {
  const cart = new Map<string, number>();
  const lines = (): unknown[] =>
    [...cart].map(([productId, quantity]) => ({
      productId,
      name: PRODUCTS.find(({ id }) => id === productId)?.name,
      quantity,
    }));
  return (name, input) => {
    const id = String(input.productId);
    if (name === 'search_products') {
      const words = String(input.query).toLowerCase().split(/\s+/);
      const fits = ({ name: product, category, price }: ShopItem): boolean => {
        const inText = words.every((word) => `${product} ${category}`.toLowerCase().includes(word));
        return (
          inText &&
          (input.category === undefined || category === input.category) &&
          price <= Number(input.maxPrice ?? Infinity)
        );
      };
      return { results: PRODUCTS.filter(fits) };
    }
    if (name === 'add_to_cart') cart.set(id, (cart.get(id) ?? 0) + Number(input.quantity ?? 1));
    if (name === 'remove_from_cart') cart.delete(id);
    if (name === 'check_stock')
      return { productId: id, stock: PRODUCTS.find((product) => product.id === id)?.stock };
    if (name === 'apply_coupon') return new Error(`There is no coupon ${String(input.code)}.`);
    if (name === 'checkout') return { orderId: 'A-1', total: 36 };
    if (name === 'subscribe') return 'Welcome to the newsletter.';
    return { items: lines(), total: lines().length };
  };
}

export const CALENDAR: readonly ModelTool[] = [
  aTool('list_events', 'List the events of a day.', { date: { type: 'string', format: 'date' } }),
  aTool(
    'create_event',
    'Create an event.',
    {
      title: text,
      start: { type: 'string', format: 'date-time' },
      durationMinutes: { type: 'integer' },
      attendees: { type: 'array', items: { type: 'string', format: 'email' } },
      location: text,
    },
    ['title', 'start'],
  ),
  aTool('delete_event', 'Delete an event.', { eventId: text }, ['eventId']),
  aTool(
    'reschedule_event',
    'Move an event to another time.',
    { eventId: text, start: { type: 'string', format: 'date-time' } },
    ['eventId', 'start'],
  ),
];

export const calendar: Answering = (name) =>
  name === 'list_events'
    ? [
        { id: 'e1', title: 'Dentist', start: '2026-11-21T09:00:00Z' },
        { id: 'e2', title: 'Lunch with Ann', start: '2026-11-21T12:00:00Z' },
      ]
    : { ok: true };

export const TICKETS: readonly ModelTool[] = [
  aTool(
    'createTicket',
    'Open a support ticket.',
    { subject: text, priority: { type: 'string', enum: ['low', 'medium', 'high'] }, description: text },
    ['subject'],
  ),
  aTool('listTickets', 'List tickets.', { status: { type: 'string', enum: ['open', 'closed'] } }),
  aTool('getTicket', 'Read one ticket.', { ticketId: { type: 'integer' } }, ['ticketId']),
  aTool('addComment', 'Add a comment to a ticket.', { ticketId: { type: 'integer' }, comment: text }, [
    'ticketId',
    'comment',
  ]),
  aTool('closeTicket', 'Close a ticket.', { ticketId: { type: 'integer' } }, ['ticketId']),
];

export const tickets: Answering = (name) =>
  name === 'listTickets'
    ? {
        tickets: [
          { id: 41, subject: 'Login is slow' },
          { id: 42, subject: 'Invoice missing' },
        ],
      }
    : { ok: true };

export const TRAVEL: readonly ModelTool[] = [
  aTool(
    'flights.search',
    'Find flights.',
    {
      from: text,
      to: text,
      date: { type: 'string', format: 'date' },
      passengers: { type: 'integer', minimum: 1 },
      cabin: { type: 'string', enum: ['economy', 'business'] },
      direct: { type: 'boolean' },
    },
    ['from', 'to', 'date'],
  ),
  aTool('flights.book', 'Book a flight.', { flightId: text, passengerName: text }, [
    'flightId',
    'passengerName',
  ]),
  aTool(
    'hotels.search',
    'Find hotels.',
    { city: text, nights: { type: 'integer' }, maxPrice: { type: 'number' } },
    ['city'],
  ),
];

export const travel: Answering = (name) =>
  name === 'flights.search'
    ? {
        flights: [
          { flightId: 'AF1204', airline: 'Air France', price: 120 },
          { flightId: 'AZ333', airline: 'Ita', price: 99 },
        ],
      }
    : name === 'hotels.search'
      ? { hotels: [{ id: 'h1', name: 'Hotel Roma', price: 80 }] }
      : { ok: true };

export const TODO: readonly ModelTool[] = [
  aTool('add_todo', 'Add a task to the list.', { title: text, due: { type: 'string', format: 'date' } }, [
    'title',
  ]),
  aTool('list_todos', 'List all tasks.'),
  aTool('complete_todo', 'Mark a task as done.', { id: text }, ['id']),
  aTool('delete_todo', 'Delete a task.', { id: text }, ['id']),
];

export const todo: Answering = (name) =>
  name === 'list_todos'
    ? [
        { id: 't1', title: 'Buy milk' },
        { id: 't2', title: 'Call mom' },
      ]
    : { ok: true };

export const FORM: readonly ModelTool[] = [
  aTool(
    'subscribe',
    'Sign up for the newsletter.',
    { email: { type: 'string', format: 'email' }, plan: { type: 'string', enum: ['free', 'pro', 'team'] } },
    ['email', 'plan'],
  ),
];
