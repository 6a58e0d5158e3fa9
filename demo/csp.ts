import type { ModelContext } from '../widget/define-tool.ts';
import type {} from '../widget/tools/queue.ts';

document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  const violations = document.querySelector('#violations');
  if (violations !== null) violations.textContent = `Blocked by ${effectiveDirective}: ${blockedURI}`;
});

window.pagehandTools ??= [];
window.pagehandTools.push((modelContext) =>
  (modelContext as ModelContext).registerTool({
    name: 'count_words',
    title: 'Count words',
    description: 'Counts the words of a text.',
    inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    annotations: { readOnlyHint: true },
    execute: async (input) => {
      const { text } = input as { readonly text: string };
      return { words: text.split(/\s+/).filter((word) => word !== '').length };
    },
  }),
);
