import type { LanguageFn } from 'highlight.js';
import { createLowlight } from 'lowlight';

/** Longer code stays plain: nobody reads its colours, and everybody would wait for them. */
const MAX_CHARS = 20_000;

/** So does code with a longer word, such as data: grammars look at all of a word again from each of its letters. */
const LONG_WORD = /[\w$]{65}/;

type Grammar = () => Promise<{ readonly default: LanguageFn }>;

const GRAMMARS: Readonly<Record<string, Grammar>> = {
  bash: () => import('highlight.js/lib/languages/bash'),
  c: () => import('highlight.js/lib/languages/c'),
  cpp: () => import('highlight.js/lib/languages/cpp'),
  csharp: () => import('highlight.js/lib/languages/csharp'),
  css: () => import('highlight.js/lib/languages/css'),
  diff: () => import('highlight.js/lib/languages/diff'),
  go: () => import('highlight.js/lib/languages/go'),
  graphql: () => import('highlight.js/lib/languages/graphql'),
  ini: () => import('highlight.js/lib/languages/ini'),
  java: () => import('highlight.js/lib/languages/java'),
  javascript: () => import('highlight.js/lib/languages/javascript'),
  json: () => import('highlight.js/lib/languages/json'),
  kotlin: () => import('highlight.js/lib/languages/kotlin'),
  markdown: () => import('highlight.js/lib/languages/markdown'),
  php: () => import('highlight.js/lib/languages/php'),
  python: () => import('highlight.js/lib/languages/python'),
  ruby: () => import('highlight.js/lib/languages/ruby'),
  rust: () => import('highlight.js/lib/languages/rust'),
  sql: () => import('highlight.js/lib/languages/sql'),
  swift: () => import('highlight.js/lib/languages/swift'),
  typescript: () => import('highlight.js/lib/languages/typescript'),
  xml: () => import('highlight.js/lib/languages/xml'),
  yaml: () => import('highlight.js/lib/languages/yaml'),
};

const ALIASES: Readonly<Record<string, string>> = {
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  console: 'bash',
  h: 'c',
  'c++': 'cpp',
  hpp: 'cpp',
  cs: 'csharp',
  'c#': 'csharp',
  scss: 'css',
  patch: 'diff',
  golang: 'go',
  gql: 'graphql',
  toml: 'ini',
  js: 'javascript',
  jsx: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  json5: 'json',
  jsonc: 'json',
  kt: 'kotlin',
  md: 'markdown',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  postgresql: 'sql',
  ts: 'typescript',
  tsx: 'typescript',
  html: 'xml',
  svg: 'xml',
  vue: 'xml',
  yml: 'yaml',
};

/** What the grammars tell apart, in the few kinds that have a colour. */
const KINDS: Readonly<Record<string, string>> = {
  comment: 'comment',
  quote: 'comment',
  keyword: 'keyword',
  'selector-tag': 'keyword',
  tag: 'keyword',
  name: 'keyword',
  section: 'keyword',
  string: 'string',
  regexp: 'string',
  addition: 'string',
  code: 'string',
  number: 'number',
  literal: 'number',
  symbol: 'number',
  bullet: 'number',
  deletion: 'deletion',
  title: 'title',
  type: 'title',
  built_in: 'title',
  'selector-class': 'title',
  'selector-id': 'title',
  attr: 'attr',
  attribute: 'attr',
  property: 'attr',
  variable: 'attr',
  meta: 'attr',
};

const lowlight = createLowlight();
const loading = new Map<string, Promise<void>>();

/**
 * Colours the text of an element that is finished. The text and its lines stay as they are; a language that is not
 * known, or cannot be fetched, stays plain. Never rejects.
 */
export async function paint(code: HTMLElement, language: string): Promise<void> {
  const name = ALIASES[language.toLowerCase()] ?? language.toLowerCase();
  const grammar = Object.hasOwn(GRAMMARS, name) ? GRAMMARS[name] : undefined;
  const text = code.textContent ?? '';
  if (grammar === undefined || text.length > MAX_CHARS || LONG_WORD.test(text)) return;
  try {
    await load(name, grammar);
  } catch {
    // Code without colours is code all the same.
    return;
  }
  if (code.textContent !== text) return;
  code.replaceChildren(...lowlight.highlight(name, text).children.map(nodeOf));
}

function load(name: string, grammar: Grammar): Promise<void> {
  const known = loading.get(name);
  if (known !== undefined) return known;
  const coming = grammar().then((module) => lowlight.register({ [name]: module.default }));
  loading.set(name, coming);
  coming.catch(() => loading.delete(name));
  return coming;
}

type Tree = ReturnType<typeof lowlight.highlight>['children'][number];

function nodeOf(tree: Tree): Node {
  if (tree.type === 'text') return document.createTextNode(tree.value);
  if (tree.type !== 'element') return document.createTextNode('');
  const node = document.createElement('span');
  const kind = kindOf(tree.properties.className);
  if (kind !== undefined) node.className = `tk-${kind}`;
  node.append(...tree.children.map(nodeOf));
  return node;
}

function kindOf(names: unknown): string | undefined {
  const [first] = Array.isArray(names) ? names : [];
  return KINDS[String(first).replace(/^hljs-/, '')];
}
