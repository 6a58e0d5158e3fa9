import { createChat } from '@n8n/chat/dist/chat.bundle.es.js';
import '@n8n/chat/style.css';
import { history } from '../host.js';

createChat({
  webhookUrl: `/stream/n8n?history=${history.length}`,
  enableStreaming: true,
  loadPreviousSession: history.length > 0,
  initialMessages: [],
});
