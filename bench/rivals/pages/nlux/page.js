import { createAiChat } from '@nlux/core';
import '@nlux/themes/nova.css';
import { answerTo, history, hostLauncher } from '../host.js';

const adapter = {
  async streamText(message, observer) {
    for await (const piece of answerTo(message)) observer.next(piece);
    observer.complete();
  },
};

hostLauncher((panel) => {
  const chat = createAiChat()
    .withAdapter(adapter)
    .withDisplayOptions({ width: 380, height: 600 })
    // Else it types what has long come, letter by letter.
    .withMessageOptions({ skipStreamingAnimation: true, waitTimeBeforeStreamCompletion: 'never' });
  if (history.length > 0)
    chat.withInitialConversation(history.map(({ role, text }) => ({ role, message: text })));
  chat.mount(panel);
});
