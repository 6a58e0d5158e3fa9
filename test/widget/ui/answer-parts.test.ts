import { within } from '@testing-library/preact';
import axe from 'axe-core';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import type { AssistantPart } from '../../../widget/chat/state.ts';
import {
  anAnswer,
  aQuestion,
  aText,
  drawn,
  type FakeChat,
  fakeChat,
  hideAll,
  partsLoaded,
  show,
} from './fake-chat.ts';

beforeAll(partsLoaded);
afterEach(hideAll);

const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function answered(parts: readonly AssistantPart[], config: Partial<FakeChat['surface']['value']> = {}) {
  const chat = fakeChat({ entries: [aQuestion(), anAnswer(parts)] });
  chat.surface.value = { ...(chat.surface.value as NonNullable<FakeChat['surface']['value']>), ...config };
  const shown = show(chat);
  await drawn();
  return { chat, ...shown };
}

function media(mediaType: string, url: string): AssistantPart {
  return { kind: 'media', id: 'm', mediaType, url, streaming: false };
}

test('sources are numbered, show their host, and open beside the page', async () => {
  const { view } = await answered([
    aText('So it is.'),
    { kind: 'source', id: 's1', url: 'https://www.example.com/a/b', title: 'About mugs' },
    { kind: 'source', id: 's2', url: 'https://mugs.test/', title: '' },
  ]);
  const links = within(within(view).getByRole('list', { name: 'Sources' })).getAllByRole('link');
  expect(links.map(({ textContent }) => textContent)).toEqual(['1About mugsexample.com', '2mugs.test']);
  expect(links.map((link) => [link.getAttribute('target'), link.getAttribute('title')])).toEqual([
    ['_blank', 'https://www.example.com/a/b'],
    ['_blank', 'https://mugs.test/'],
  ]);
});

test('an image of a foreign host is a link that says where it goes, and nothing is fetched', async () => {
  const { view } = await answered([media('image', 'https://evil.test/pixel.png?secret=1')]);
  expect(view.querySelector('img')).toBeNull();
  expect(within(view).getByRole('link', { name: 'Image' }).getAttribute('href')).toBe(
    'https://evil.test/pixel.png?secret=1',
  );
  expect(within(view).getByText('evil.test')).toBeVisible();
});

test.each([
  ['https://images.example.com/a.png', ['images.example.com'], true],
  ['https://a.images.example.com/a.png', ['*.images.example.com'], true],
  ['https://images.example.com.evil.test/a.png', ['images.example.com'], false],
  ['https://notimages.example.com/a.png', ['*.images.example.com'], false],
  [PIXEL, [], true],
  ['data:image/svg+xml;base64,PHN2Zy8+', [], false],
  ['javascript:alert(1)', ['*.test'], false],
] as const)('%s, with %j: shown or not', async (url, mediaHosts, isShown) => {
  const { view } = await answered([media('image', url)], { mediaHosts: [...mediaHosts] });
  expect(view.querySelector('img.media') !== null).toBe(isShown);
});

test('images in Markdown load from named hosts alone', async () => {
  const text = '![Mug](https://images.example.com/mug.png)\n\n![Pixel](https://evil.test/p.png)';
  const { view } = await answered([aText(text)], { mediaHosts: ['images.example.com'] });
  expect([...view.querySelectorAll('.md img')].map((image) => image.getAttribute('src'))).toEqual([
    'https://images.example.com/mug.png',
  ]);
  expect(within(view).getByRole('link', { name: 'Pixel' })).toBeVisible();
});

function work(title: string, text: string, file?: { path: string; mimeType: string; language: string }) {
  return {
    kind: 'artifact',
    id: 'a',
    artifactType: file === undefined ? 'markdown' : 'file',
    title,
    text,
    streaming: false,
    ...(file && { file }),
  } as AssistantPart;
}

async function opened(part: AssistantPart) {
  const shown = await answered([part]);
  await userEvent.click(within(shown.view).getByRole('button', { name: 'Open' }));
  const close = await vi.waitFor(
    () => within(shown.view).getByRole('button', { name: 'Back to the conversation' }),
    10_000,
  );
  return { ...shown, close };
}

test('a document opens in the place of the conversation, and Escape leads back to where it was opened', async () => {
  const { view, root } = await opened(work('Plan', '# One\n\nTwo'));
  expect(within(view).getByRole('heading', { name: 'One' })).toBeVisible();
  expect(view.querySelector('.conversation')).not.toBeVisible();
  await userEvent.keyboard('{Escape}');
  await vi.waitFor(() => expect(root.activeElement?.textContent).toBe('Open'), 5_000);
  expect(within(view).getByRole('dialog')).toBeVisible();
});

test('a web page is shown where it can run nothing and reach nothing', async () => {
  const page = '<h1>Hello</h1><script>parent.document.title = "taken"</script>';
  const { view } = await opened(work('Page', page, { path: 'a.html', mimeType: 'text/html', language: '' }));
  const frame = await vi.waitFor(() => {
    const found = view.querySelector('iframe');
    if (found === null) throw new Error('It is not there yet.');
    return found;
  }, 5_000);
  expect(frame.getAttribute('sandbox')).toBe('');
  const written = await (await fetch(frame.src)).text();
  expect(written).toContain(`content="default-src 'none'`);
  await userEvent.click(within(view).getByRole('button', { name: 'As text' }));
  expect(view.querySelector('.artifact-source')?.textContent).toBe(page);
});

test('where the policy of the page forbids the preview, that is said, and its text is shown', async () => {
  const { view } = await opened(
    work('Page', '<h1>Hello</h1>', { path: 'a.html', mimeType: 'text/html', language: '' }),
  );
  document.dispatchEvent(
    new SecurityPolicyViolationEvent('securitypolicyviolation', {
      blockedURI: 'blob',
      effectiveDirective: 'frame-src',
    } as SecurityPolicyViolationEventInit),
  );
  await drawn();
  expect(within(view).getByText(/^The rules of this page do not let it be shown here/)).toBeVisible();
  expect(view.querySelector('iframe')).toBeNull();
  expect(view.querySelector('.artifact-source')?.textContent).toBe('<h1>Hello</h1>');
});

test('code gets colours when it is finished, and its text stays the same', async () => {
  const code = 'const greeting = "hello"; // 1';
  const { view } = await answered([aText(`\`\`\`js\n${code}\n\`\`\``)]);
  await vi.waitFor(() => expect(view.querySelector('.tk-keyword')?.textContent).toBe('const'), 10_000);
  expect(view.querySelector('.md pre code')?.textContent).toBe(code);
  expect(view.querySelector('.tk-string')?.textContent).toBe('"hello"');
});

test('formulas become MathML; money and broken TeX stay as they are', async () => {
  const { view } = await answered([
    aText('It costs $5 or $6, and \\(a^2\\) is\n\n$$\n\\frac{1}{2}\n$$\n\nand $$\\undefinedthing{$$ too.'),
  ]);
  await vi.waitFor(() => expect(view.querySelectorAll('math')).toHaveLength(2), 10_000);
  expect(view.querySelector('math mfrac')).not.toBeNull();
  const [first, last] = [...([...view.querySelectorAll('.md')].at(-1)?.querySelectorAll('p') ?? [])];
  expect(first?.textContent).toContain('It costs $5 or $6');
  expect(last?.textContent).toContain('\\undefinedthing{');
});

test('code of one endless word stays plain, and so does not hold up the page', async () => {
  const data = `const data = "${'a'.repeat(70)}";`;
  const { view } = await answered([aText(`\`\`\`js\n${data}\n\`\`\`\n\n\`\`\`js\nconst a = 1;\n\`\`\``)]);
  await vi.waitFor(() => expect(view.querySelectorAll('.tk-keyword')).toHaveLength(1), 10_000);
  const [first, second] = view.querySelectorAll('.md pre code');
  expect(first?.innerHTML).toBe(data);
  expect(second?.querySelector('.tk-keyword')).not.toBeNull();
});

test.each([
  ['defines', `\\def\\a{${'x'.repeat(20)}}\\a\\a`],
  ['nests without end', `${'\\sqrt{'.repeat(60)}x${'}'.repeat(60)}`],
])('a formula that %s stays as it is written', async (_, tex) => {
  const { view } = await answered([aText(`\\(${tex}\\) and \\(b^2\\)`)]);
  await vi.waitFor(() => expect(view.querySelectorAll('math')).toHaveLength(1), 10_000);
  expect(view.textContent).toContain(tex);
});

test('a source that leads to no page of the web, as other scripts may keep one, is left out', async () => {
  const { view } = await answered([
    aText('So it is.'),
    { kind: 'source', id: 's1', url: 'no address', title: 'Broken' },
    { kind: 'source', id: 's2', url: 'javascript:alert(1)', title: 'Worse' },
    { kind: 'source', id: 's3', url: 'https://mugs.test/', title: '' },
  ]);
  const links = within(within(view).getByRole('list', { name: 'Sources' })).getAllByRole('link');
  expect(links.map((link) => link.getAttribute('href'))).toEqual(['https://mugs.test/']);
});

test('a thought is folded away and says how long it took', async () => {
  const part = { kind: 'reasoning', id: 'r', text: 'Hm.', streaming: false, durationMs: 4_200 } as const;
  const { view } = await answered([part, aText('Yes.')]);
  expect(within(view).getByText('Thought for 4 seconds')).toBeVisible();
  expect(view.querySelector('details')?.open).toBe(false);
});

test('after a bad vote the visitor may say why', async () => {
  const { chat, view } = await answered([aText('No.')]);
  await userEvent.click(within(view).getByRole('button', { name: 'Bad answer' }));
  await userEvent.fill(
    within(view).getByRole('textbox', { name: 'What was wrong? (optional)' }),
    'Too short',
  );
  await userEvent.keyboard('{Enter}');
  expect(chat.votes).toEqual([
    ['a1', 'down'],
    ['a1', 'down'],
  ]);
  expect(chat.calls).toContain('comment Too short');
  expect(within(view).getByText('Thank you.')).toBeVisible();
});

function twoAnswers(rated = false) {
  const last = { ...anAnswer([aText('Two.', false, 't2')], 'a2'), ...(rated && { rated }) };
  const chat = fakeChat({
    entries: [aQuestion('A', 'u1'), anAnswer([aText('One.')]), aQuestion('B', 'u2'), last],
  });
  chat.surface.value = { ...(chat.surface.value as NonNullable<FakeChat['surface']['value']>), csat: true };
  return chat;
}

test('who closes the chat is asked on coming back how it was, once', async () => {
  const chat = twoAnswers();
  const { view, open } = show(chat);
  await drawn();
  expect(within(view).queryByRole('group', { name: 'How was this conversation?' })).toBeNull();
  open.value = false;
  await drawn();
  open.value = true;
  await drawn();
  await userEvent.click(view.querySelectorAll('.star')[3] as Element);
  await userEvent.fill(within(view).getByRole('textbox', { name: 'Anything to add? (optional)' }), 'Quick');
  await userEvent.keyboard('{Enter}');
  await vi.waitFor(() => expect(chat.calls).toContain('rate 4 Quick'), 5_000);
});

test('a conversation that was rated, or one of a single answer, is not asked about', async () => {
  for (const chat of [twoAnswers(true), fakeChat({ entries: [aQuestion(), anAnswer([aText('One.')])] })]) {
    const { view, open } = show(chat);
    await drawn();
    open.value = false;
    await drawn();
    open.value = true;
    await drawn();
    expect(within(view).queryByRole('group', { name: 'How was this conversation?' })).toBeNull();
    hideAll();
  }
});

test('nothing stands in the way of a screen reader', async () => {
  const { root, view } = await answered([
    { kind: 'reasoning', id: 'r', text: 'Hm.', streaming: false, durationMs: 4_200 },
    aText('```js\nconst a = "b"; // c\nclass D { e = 1 }\n```\n\n\\(a^2\\)'),
    media('image', PIXEL),
    { ...media('audio', 'https://evil.test/a.wav'), id: 'm2' } as AssistantPart,
    work('Plan', '# One'),
    { kind: 'source', id: 's1', url: 'https://www.example.com/a/b', title: 'About mugs' },
  ]);
  await vi.waitFor(() => expect(view.querySelector('.tk-keyword')).not.toBeNull(), 10_000);
  await Promise.all(view.getAnimations({ subtree: true }).map(({ finished }) => finished));
  for (const theme of ['light', 'dark']) {
    view.dataset.theme = theme;
    await drawn();
    const { violations } = await axe.run(root.host as HTMLElement, { resultTypes: ['violations'] });
    expect(violations.map(({ id, nodes }) => `${theme} ${id}: ${nodes[0]?.html}`)).toEqual([]);
  }
});
