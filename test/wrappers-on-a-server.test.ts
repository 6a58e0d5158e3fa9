import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import { createSSRApp, defineComponent, h } from 'vue';
import { renderToString as renderVue } from 'vue/server-renderer';
import { Pagehand, PagehandInline, usePagehand } from '../widget/react.ts';
import { pagehandStore } from '../widget/svelte.ts';
import { usePagehand as useVuePagehand, Pagehand as VuePagehand } from '../widget/vue.ts';

const token = 'ct_test_server';

test('React renders nothing on a server, inline an empty element, and the hook says that no chat is there', () => {
  function Page() {
    const { isOpen, messages, widget } = usePagehand();
    return createElement('p', {}, `${isOpen} ${messages.length} ${widget}`);
  }
  expect(renderToString(createElement(Pagehand, { token }))).toBe('');
  expect(renderToString(createElement(PagehandInline, { token, div: { className: 'chat' } }))).toBe(
    '<div class="chat"></div>',
  );
  expect(renderToString(createElement(Page))).toBe('<p>false 0 undefined</p>');
});

test('Vue does the same', async () => {
  const Page = defineComponent(() => {
    const { state } = useVuePagehand();
    return () => [h(VuePagehand, { token }), h(VuePagehand, { token, inline: true }), state.value.phase];
  });
  expect(await renderVue(createSSRApp(Page))).toBe('<!--[--><!----><div></div>idle<!--]-->');
});

test('the store of Svelte says that no chat is there, and sending says so in a sentence', async () => {
  const store = pagehandStore();
  const seen: unknown[] = [];
  store.subscribe((state) => seen.push(state.widget))();
  expect(seen).toEqual([undefined]);
  await expect(store.send('Hi')).rejects.toThrow('No chat is mounted');
});
