import 'deep-chat';
import { history, hostLauncher } from '../host.js';

const isPartial = new URLSearchParams(location.search).has('partial');

hostLauncher((panel) => {
  const chat = document.createElement('deep-chat');
  chat.connect = { url: '/stream/deep-chat', stream: isPartial ? { partialRender: true } : true };
  chat.history = history.map(({ role, text }) => ({ role: role === 'user' ? 'user' : 'ai', text }));
  chat.style.cssText = 'width:380px;height:600px';
  panel.append(chat);
});
