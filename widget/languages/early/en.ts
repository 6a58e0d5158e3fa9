/** What is said before the visitor writes, and whatever the frame of the chat says later. In ICU message syntax. */
export const messages = {
  'launcher.open': 'Open chat',
  'panel.title': 'Chat',
  'panel.close': 'Close',
  'panel.maximise': 'Maximise',
  'panel.restore': 'Restore size',
  'panel.more': 'More',
  'panel.width': 'Width of the chat',

  'phase.idle': 'Ready',
  'phase.thinking': 'Thinking…',
  'phase.answering': 'Answering…',
  'phase.acting': 'Working on it…',
  'phase.waiting': 'Waiting for you',
  'phase.reconnecting': 'Reconnecting…',
  'phase.failed': 'Something went wrong',
  'phase.actingInPage': 'Working in this page…',
  'phase.offline': 'Offline',
  'phase.waitingElsewhere': 'Waiting for you in another tab',
  'phase.waitingToRetry': 'Waiting to try again…',

  'thread.name': 'Conversation',
  'thread.visitorSaid': 'You said',
  'thread.chatSaid': 'Answer',
  'thread.suggestions': 'Suggestions',
  'thread.jumpToLatest': 'Jump to latest',
  'thread.newBelow': 'New below.',

  'composer.message': 'Message',
  'composer.placeholder': 'Write a message…',
  'composer.attach': 'Attach files',
  'composer.send': 'Send',
  'composer.stop': 'Stop',

  'wait.offline': 'You are offline. The answer goes on when you are connected.',
  retry: 'Retry',
  kept: 'Your message is kept.',

  /* What failed, by code. These may be said before the others are there. */
  'failure.not_loaded': 'A part of the chat did not load.',
  'failure.offline': 'You are offline.',
  'failure.unreachable': 'The chat server cannot be reached.',
  'failure.timed_out': 'The chat server did not answer in time.',
  'failure.internal': 'The chat server has a problem.',
  'failure.invalid_client_token': 'This chat is not set up for this page.',
  'failure.origin_not_allowed': 'This chat is not set up for this page.',
  'advice.connection': 'What you wrote is kept. Check your connection and press Retry.',

  'history.open': 'Earlier conversations',
  'history.new': 'New chat',

  'approval.region': 'Needs your decision',
};
