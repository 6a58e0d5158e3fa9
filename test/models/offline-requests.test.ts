import { describe, expect, test } from 'vitest';
import type { ModelTool } from '../../server/models/model.ts';
import { createOfflineModel } from '../../server/models/offline/offline-model.ts';
import { type Answering, talkWith } from '../support/provider-page.ts';
import {
  CALENDAR,
  calendar,
  FORM,
  SHOP,
  shop,
  TICKETS,
  TODO,
  TRAVEL,
  tickets,
  todo,
  travel,
} from '../support/provider-toolsets.ts';

// A Friday.
const model = createOfflineModel({ clock: () => new Date('2026-11-20T10:00:00Z'), wordMs: 0 });

async function steps(tools: readonly ModelTool[], page: Answering, text: string): Promise<readonly string[]> {
  const answered = await talkWith(model, tools, page).say(text);
  return answered.steps.map((calls) => calls.join(' + '));
}

const MUG = 'search_products({"query":"mug","category":"mugs"})';
const BLUE_MUG = 'search_products({"query":"blue mug","category":"mugs"})';

describe('in a shop', () => {
  test.each<[string, string[]]>([
    ['find me a blue mug please', [BLUE_MUG]],
    ['Find blue mugs', [BLUE_MUG]],
    ['do you have blue mugs?', [BLUE_MUG]],
    ['blue mugs?', [BLUE_MUG]],
    ['I am looking for a blue mug', [BLUE_MUG]],
    ['what does the blue mug cost?', [BLUE_MUG]],
    ['search for "blue mugs"', ['search_products({"query":"blue mugs"})']],
    ['show me mugs under $12', ['search_products({"query":"mug","category":"mugs","maxPrice":12})']],
    ['find mugs and bowls', [`${MUG} + search_products({"query":"bowl","category":"bowls"})`]],
    ["what's in my cart?", ['get_cart({})']],
    ['show me my basket', ['get_cart({})']],
    ['add two blue mugs to my cart', [BLUE_MUG, 'add_to_cart({"productId":"mug-blue","quantity":2})']],
    [
      'I would like to buy a red bowl, please.',
      ['search_products({"query":"red bowl","category":"bowls"})', 'add_to_cart({"productId":"bowl-red"})'],
    ],
    ['Put 3 blue mugs in my basket please', [BLUE_MUG, 'add_to_cart({"productId":"mug-blue","quantity":3})']],
    ['add a dozen blue mugs', [BLUE_MUG, 'add_to_cart({"productId":"mug-blue","quantity":12})']],
    [
      'could you add twenty-one blue mugs?',
      [BLUE_MUG, 'add_to_cart({"productId":"mug-blue","quantity":21})'],
    ],
    ['order two blue mugs', [BLUE_MUG, 'add_to_cart({"productId":"mug-blue","quantity":2})']],
    [
      'add two blue mugs and a red bowl',
      [
        `${BLUE_MUG} + search_products({"query":"red bowl","category":"bowls"})`,
        'add_to_cart({"productId":"mug-blue","quantity":2}) + add_to_cart({"productId":"bowl-red"})',
      ],
    ],
    ['find a mug and add it', [MUG, 'add_to_cart({"productId":"mug-blue"})']],
    ['find mugs and add the cheapest', [MUG, 'add_to_cart({"productId":"mug-red"})']],
    [
      'find mugs, then add both',
      [MUG, 'add_to_cart({"productId":"mug-blue"}) + add_to_cart({"productId":"mug-red"})'],
    ],
    [
      'add a blue mug and then show my cart',
      [BLUE_MUG, 'add_to_cart({"productId":"mug-blue"})', 'get_cart({})'],
    ],
    [
      'add a blue mug, show me the cart and check out',
      [BLUE_MUG, 'add_to_cart({"productId":"mug-blue"})', 'get_cart({})', 'checkout({})'],
    ],
    ['is the blue mug in stock?', [BLUE_MUG, 'check_stock({"productId":"mug-blue"})']],
    [
      'check the stock of the red bowl',
      ['search_products({"query":"red bowl","category":"bowls"})', 'check_stock({"productId":"bowl-red"})'],
    ],
    [
      'add mug-blue to my cart',
      ['search_products({"query":"mug-blue"})', 'search_products({"query":"mug-blue"})'].slice(0, 1),
    ],
    ['apply coupon SPRING10', ['apply_coupon({"code":"SPRING10"})']],
    ['apply the code "summer"', ['apply_coupon({"code":"summer"})']],
    ['use voucher XMAS-24', ['apply_coupon({"code":"XMAS-24"})']],
    ['check out', ['checkout({})']],
    ['please place my order', ['checkout({})']],
    ['pay now', ['checkout({})']],
    ['subscribe ann@example.com to offers', ['subscribe({"email":"ann@example.com","topic":"offers"})']],
    [
      'sign me up for the news with ann@example.com',
      ['subscribe({"email":"ann@example.com","topic":"news"})'],
    ],
  ])('%s', async (text, expected) => {
    expect(await steps(SHOP, shop(), text)).toEqual(expected);
  });

  test.each([
    "don't check out",
    'how do I pay?',
    'can I pay with a card?',
    'where is my order?',
    'I already ordered a mug yesterday',
    'what is your checkout policy?',
    'tell me a joke',
    'hello',
    'thanks!',
    'what can you do?',
    'are you a real person?',
    'should I remove the mug?',
    'offers for ann@example.com?',
    'the coupon SPRING10',
    'is there a coupon code?',
    'show the checkout',
    'my cart and the red bowl',
    '',
    '???',
  ])('nothing is called for: %s', async (text) => {
    const called = (await steps(SHOP, shop(), text)).join();
    expect(called).not.toMatch(/checkout|add_to|remove_from|apply|subscribe/);
  });
});

describe('in a calendar', () => {
  test.each<[string, string[]]>([
    [
      'schedule lunch with Ann tomorrow at noon',
      ['create_event({"title":"lunch with Ann","start":"2026-11-21T12:00:00Z"})'],
    ],
    [
      'create an event called "Team sync" on 2026-12-01 at 9:30 with bob@x.com and ann@x.com for 30 minutes in Room 4',
      [
        'create_event({"title":"Team sync","start":"2026-12-01T09:30:00Z","durationMinutes":30,"attendees":["bob@x.com","ann@x.com"],"location":"Room 4"})',
      ],
    ],
    [
      'add a meeting: budget review next monday at 3pm',
      ['create_event({"title":"budget review","start":"2026-11-23T15:00:00Z"})'],
    ],
    ['create an event "Trip" on March 5', ['create_event({"title":"Trip","start":"2027-03-05T00:00:00Z"})']],
    [
      'create an event "Call" at 2026-12-01T08:15',
      ['create_event({"title":"Call","start":"2026-12-01T08:15:00Z"})'],
    ],
    ["what's on my calendar tomorrow?", ['list_events({"date":"2026-11-21"})']],
    ['show my meetings on friday', ['list_events({"date":"2026-11-27"})']],
    ['list events in two weeks', ['list_events({"date":"2026-12-04"})']],
    ['delete the dentist appointment', ['list_events({})', 'delete_event({"eventId":"e1"})']],
    ['cancel lunch with Ann', ['list_events({})', 'delete_event({"eventId":"e2"})']],
    [
      'move the dentist to friday 3pm',
      ['list_events({})', 'reschedule_event({"eventId":"e1","start":"2026-11-27T15:00:00Z"})'],
    ],
  ])('%s', async (text, expected) => {
    expect(await steps(CALENDAR, calendar, text)).toEqual(expected);
  });
});

describe('in a help desk', () => {
  test.each<[string, string[]]>([
    [
      'open a ticket about login failing with high priority',
      ['createTicket({"subject":"login failing","priority":"high"})'],
    ],
    [
      'create an urgent ticket: printer is on fire',
      ['createTicket({"subject":"printer is on fire","priority":"high"})'],
    ],
    [
      'file a ticket "Login and logout are broken"',
      ['createTicket({"subject":"Login and logout are broken"})'],
    ],
    ['show open tickets', ['listTickets({"status":"open"})']],
    ['list all tickets', ['listTickets({})']],
    ['show ticket #41', ['getTicket({"ticketId":41})']],
    ['close ticket 42', ['closeTicket({"ticketId":42})']],
    ['close the invoice ticket', ['listTickets({})', 'closeTicket({"ticketId":42})']],
    [
      'add a comment to ticket 41 saying we are on it',
      ['addComment({"ticketId":41,"comment":"we are on it"})'],
    ],
  ])('%s', async (text, expected) => {
    expect(await steps(TICKETS, tickets, text)).toEqual(expected);
  });
});

describe('on a travel page', () => {
  test.each<[string, string[]]>([
    [
      'find flights from Paris to Rome next friday for two people',
      ['flights.search({"from":"Paris","to":"Rome","date":"2026-11-27","passengers":2})'],
    ],
    [
      'search direct business flights from New York to San Francisco on 5 December',
      [
        'flights.search({"from":"New York","to":"San Francisco","date":"2026-12-05","cabin":"business","direct":true})',
      ],
    ],
    [
      'find a hotel in Rome for 3 nights under 100 euros',
      ['hotels.search({"city":"Rome","nights":3,"maxPrice":100})'],
    ],
  ])('%s', async (text, expected) => {
    expect(await steps(TRAVEL, travel, text)).toEqual(expected);
  });
});

describe('in a to-do list', () => {
  test.each<[string, string[]]>([
    ['add buy milk to my todo list', ['add_todo({"title":"buy milk"})']],
    ['remind me to call mom tomorrow', ['add_todo({"title":"call mom","due":"2026-11-21"})']],
    [
      'add milk, eggs and bread',
      ['add_todo({"title":"milk"}) + add_todo({"title":"eggs"}) + add_todo({"title":"bread"})'],
    ],
    ['add buy milk and eggs', ['add_todo({"title":"buy milk and eggs"})']],
    ['mark buy milk as done', ['list_todos({})', 'complete_todo({"id":"t1"})']],
    ['delete the call mom task', ['list_todos({})', 'delete_todo({"id":"t2"})']],
    ['show my tasks', ['list_todos({})']],
  ])('%s', async (text, expected) => {
    expect(await steps(TODO, todo, text)).toEqual(expected);
  });
});

describe('on a page with one form', () => {
  test.each<[string, string[]]>([
    [
      'sign me up for the pro plan with ann@example.com',
      ['subscribe({"email":"ann@example.com","plan":"pro"})'],
    ],
    ['subscribe ann@example.com to the free plan', ['subscribe({"email":"ann@example.com","plan":"free"})']],
  ])('%s', async (text, expected) => {
    expect(await steps(FORM, () => ({ ok: true }), text)).toEqual(expected);
  });
});

test('a postcode is what stands behind the word, and no part of the next thing that is asked', async () => {
  const slots: ModelTool = {
    name: 'find_delivery_slots',
    bareName: 'find_delivery_slots',
    description: 'Finds the next free delivery slots for a postcode.',
    parametersSchema: {
      type: 'object',
      properties: { postcode: { type: 'string', description: 'Postcode of the address.' } },
      required: ['postcode'],
    },
  };
  const answering = () => ({ slots: [{ date: '2026-11-21', from: '9:00', to: '12:00' }] });
  for (const text of [
    'find delivery slots for postcode 1010',
    'Find delivery slots for 1010',
    'which delivery slots are there for the postcode SW1A?',
  ]) {
    const code = text.includes('1010') ? '1010' : 'SW1A';
    expect(await steps([slots], answering, text)).toEqual([`find_delivery_slots({"postcode":"${code}"})`]);
  }
});
