import {
  AssistantModalPrimitive,
  AssistantRuntimeProvider,
  ComposerPrimitive,
  MessagePrimitive,
  ThreadPrimitive,
  useLocalRuntime,
} from '@assistant-ui/react';
import { MarkdownTextPrimitive } from '@assistant-ui/react-markdown';
import { createElement as h } from 'react';
import { createRoot } from 'react-dom/client';
import remarkGfm from 'remark-gfm';
import { answerTo, history } from '../host.js';

const adapter = {
  async *run({ messages, abortSignal }) {
    const question = messages.at(-1).content.map(({ text }) => text).join('');
    let text = '';
    for await (const piece of answerTo(question, abortSignal)) {
      text += piece;
      yield { content: [{ type: 'text', text }] };
    }
  },
};

const initialMessages = history.map(({ role, text }) => ({ role, content: text }));
const components = {
  UserMessage: () => h(MessagePrimitive.Root, null, h(MessagePrimitive.Parts)),
  AssistantMessage: () =>
    h(MessagePrimitive.Root, null, h(MessagePrimitive.Parts, { components: { Text: Markdown } })),
};

function Markdown() {
  return h(MarkdownTextPrimitive, { remarkPlugins: [remarkGfm] });
}

function Chat() {
  const runtime = useLocalRuntime(adapter, { initialMessages });
  const thread = h(
    ThreadPrimitive.Root,
    { style: { display: 'flex', flexDirection: 'column', width: 380, height: 600, background: '#fff' } },
    h(
      ThreadPrimitive.Viewport,
      { style: { flex: 1, overflow: 'auto' } },
      h(ThreadPrimitive.Messages, { components }),
    ),
    h(
      ComposerPrimitive.Root,
      null,
      h(ComposerPrimitive.Input, { placeholder: 'Write a message…' }),
      h(ComposerPrimitive.Send, null, 'Send'),
    ),
  );
  return h(
    AssistantRuntimeProvider,
    { runtime },
    h(
      AssistantModalPrimitive.Root,
      null,
      h(
        AssistantModalPrimitive.Anchor,
        { style: { position: 'fixed', right: 20, bottom: 20 } },
        h(AssistantModalPrimitive.Trigger, { className: 'host-launcher', 'aria-label': 'Open chat' }, 'Chat'),
      ),
      h(AssistantModalPrimitive.Content, null, thread),
    ),
  );
}

createRoot(document.body.appendChild(document.createElement('div'))).render(h(Chat));
