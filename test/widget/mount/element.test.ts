import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PagehandElement } from '../../../widget/element.ts';
import { API, answerWith, session } from '../transport/wire.ts';
import { hosts, inside, until } from './page.ts';

beforeEach(() => {
  answerWith({ init: session() });
});

afterEach(async () => {
  document.querySelector('pagehand-chat')?.remove();
  await Promise.resolve();
  expect(hosts()).toEqual([]);
});

async function put(attributes: Record<string, string>): Promise<PagehandElement> {
  const element = document.createElement('pagehand-chat') as PagehandElement;
  for (const [name, value] of Object.entries({ token: 'ct_test_element', api: API, ...attributes })) {
    element.setAttribute(name, value);
  }
  document.body.append(element);
  await Promise.resolve();
  return element;
}

test('the element is a chat for as long as it is in the page', async () => {
  const element = await put({});
  expect(element).toBeInstanceOf(PagehandElement);
  expect(hosts()).toHaveLength(1);
  element.remove();
  await Promise.resolve();
  expect(hosts()).toEqual([]);
  expect(element.widget).toBeUndefined();
});

test('an element that is moved keeps its chat', async () => {
  const element = await put({});
  const { widget } = element;
  document.body.prepend(element);
  await Promise.resolve();
  expect(element.widget).toBe(widget);
});

test('attributes of another surface mount once for all that change in one go, and the chat stays open', async () => {
  const element = await put({ open: '' });
  await until(() => inside(hosts()[0] ?? null).find('[role=dialog]') !== null);
  const [before] = hosts();
  element.setAttribute('token', 'ct_test_element_2');
  element.setAttribute('theme', 'dark');
  await Promise.resolve();
  expect(hosts()).toHaveLength(1);
  expect(hosts()[0]).not.toBe(before);
  await until(() => inside(hosts()[0] ?? null).button('Open chat').ariaExpanded === 'true');
});

test('the open attribute opens and closes without mounting anew', async () => {
  const element = await put({});
  const [host = null] = hosts();
  element.setAttribute('open', '');
  await until(() => inside(host).find('[role=dialog]') !== null);
  element.removeAttribute('open');
  await until(() => inside(host).button('Open chat').ariaExpanded === 'false');
  expect(hosts()[0]).toBe(host);
});

test('inline fills the element', async () => {
  const element = await put({ inline: '' });
  expect(hosts()[0]?.parentElement).toBe(element);
});

test('a wrong attribute is one sentence in the console, and mending it mounts', async () => {
  const complain = vi.spyOn(console, 'error').mockImplementation(() => {});
  const element = await put({ theme: 'blue' });
  expect(complain.mock.calls).toEqual([[expect.stringContaining('<pagehand-chat>: "theme" must be')]]);
  expect(hosts()).toEqual([]);
  element.setAttribute('theme', 'dark');
  await Promise.resolve();
  expect(hosts()).toHaveLength(1);
  complain.mockRestore();
});

test('theme and position change where the chat stands, by attribute or property', async () => {
  const element = await put({});
  let isReady = false;
  element.addEventListener('pagehand:ready', () => {
    isReady = true;
  });
  element.open = true;
  await until(() => isReady);
  const [host = null] = hosts();
  element.setAttribute('theme', 'dark');
  element.position = 'top-left';
  await until(() => inside(host).find('.ph.top-left')?.dataset.theme === 'dark', 1_000);
  expect(hosts()).toEqual([host]);
});

test('the events of the chat are the element\u2019s, and its attribute says whether it is open', async () => {
  const element = await put({});
  const heard: string[] = [];
  for (const name of ['open', 'close']) {
    element.addEventListener(`pagehand:${name}`, () => heard.push(name));
  }
  element.widget?.open();
  await until(() => heard.length === 1);
  expect(element.open && element.hasAttribute('open')).toBe(true);
  element.open = false;
  await until(() => heard.length === 2);
  expect(heard).toEqual(['open', 'close']);
});

test('inline, each event is heard once', async () => {
  const element = await put({ inline: '' });
  let opened = 0;
  element.addEventListener('pagehand:open', () => {
    opened += 1;
  });
  await until(() => opened > 0);
  expect(opened).toBe(1);
});

test('properties that were set before the element was defined count', async () => {
  const element = document.createElement('pagehand-chat') as PagehandElement;
  for (const [name, value] of Object.entries({
    token: 'ct_test_early',
    api: API,
    theme: { scheme: 'dark' },
  })) {
    Object.defineProperty(element, name, { value, configurable: true, writable: true, enumerable: true });
  }
  document.body.append(element);
  await Promise.resolve();
  expect(hosts()[0]?.dataset.pagehand).toBe('ct_test_early');
  expect(element.theme).toEqual({ scheme: 'dark' });
});
