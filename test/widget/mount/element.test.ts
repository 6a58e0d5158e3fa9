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

test('attributes that change in one go mount once, and the chat stays open', async () => {
  const element = await put({ open: '' });
  await until(() => inside(hosts()[0] ?? null).find('[role=dialog]') !== null);
  const [before] = hosts();
  element.setAttribute('position', 'top-left');
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
