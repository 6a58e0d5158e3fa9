import type { NoticePart, Phase } from './chat/state.ts';

/** Every sentence that the chat says, in English. Values go in as arguments, so that another language can order them. */
export const copy = {
  /** Of these sentences, as a BCP 47 tag. */
  language: 'en',
  panelTitle: 'Chat',
  close: 'Close',

  phase: {
    idle: 'Ready',
    thinking: 'Thinking…',
    answering: 'Answering…',
    acting: 'Working on it…',
    waiting: 'Waiting for you',
    reconnecting: 'Reconnecting…',
    failed: 'Something went wrong',
  } satisfies Record<Phase, string>,
  actingInPage: 'Working in this page…',
  offline: 'Offline',
  waitingElsewhere: 'Waiting for you in another tab',
  waitingToRetry: 'Waiting to try again…',

  thread: 'Conversation',
  visitorSaid: 'You said',
  chatSaid: 'Answer',
  suggestions: 'Suggestions',
  jumpToLatest: 'Jump to latest',
  newBelow: 'New below.',

  message: 'Message',
  placeholder: 'Write a message…',
  send: 'Send',
  stop: 'Stop',

  reasoning: 'Reasoning',
  reasoningNow: 'Thinking it through…',
  copyAnswer: 'Copy answer',
  goodAnswer: 'Good answer',
  badAnswer: 'Bad answer',
  copied: 'Copied',
  notCopied: 'Could not copy',
  copyCode: 'Copy',
  table: 'Table',
  taskDone: 'Done',
  taskOpen: 'To do',

  notice: {
    stopped: 'You stopped this answer.',
    max_tool_calls: 'Stopped here: this answer reached its limit of actions. Ask again to go on.',
    length: 'Cut short: the answer reached its longest length. Ask it to go on.',
    content_filter: 'Cut short by the content rules of this chat.',
    error: 'This answer ended with an error.',
    new_message: 'This answer ended early: another message was sent.',
    interrupted: 'The connection broke; this answer may be incomplete.',
    unknown: 'This answer ended early.',
  } satisfies Record<NoticePart['notice'], string>,

  /** Why a turn does not go on at this moment, and when it will. */
  wait: {
    offline: 'You are offline. The answer goes on when you are connected.',
    too_many: (seconds: string) => `Too many messages. Trying again in ${seconds} s.`,
    busy: (seconds: string) => `The chat server is busy. Trying again in ${seconds} s.`,
    reconnecting: 'The chat server does not answer. Trying again…',
  },
  /** At the moment when it tries again. */
  tryingAgain: {
    too_many: 'Too many messages. Trying again…',
    busy: 'The chat server is busy. Trying again…',
  },
  retry: 'Retry',
  /** After a failure that says nothing of this itself. */
  kept: 'Your message is kept.',
  partsMissing: {
    message: 'A part of the chat did not load.',
    hint: 'The conversation is kept. Check your connection and press Retry.',
  },

  /** What follows a tool's title: "Add to cart · done in 0.3 s · you allowed it". */
  tool: {
    requested: 'getting ready…',
    askedElsewhere: 'waits for your decision in another tab',
    runningInPage: 'running in this page…',
    running: 'running…',
    done: (seconds: string | undefined) => (seconds === undefined ? 'done' : `done in ${seconds} s`),
    failed: (seconds: string | undefined) => (seconds === undefined ? 'failed' : `failed after ${seconds} s`),
    declined: 'you declined it',
    refused: (reason: string) => `not run: ${reason}`,
    cancelled: (reason: string) => (reason === '' ? 'stopped' : `stopped: ${reason}`),
    unknown: 'outcome unknown: the page was left while it ran',
  },
  approvedBy: {
    visitor_once: 'you allowed it',
    visitor_always: 'you allowed it for this conversation',
    site_rule: 'allowed by this site',
    server: 'run by the server',
  },
  receipt: {
    tool: 'Tool',
    page: 'Page',
    approval: 'Approval',
    arguments: 'Arguments',
    asJson: 'As JSON',
    output: 'Output',
    result: 'Result',
  },

  approval: {
    region: 'Needs your decision',
    question: (title: string) => `Allow “${title}”?`,
    more: (count: number) => `${count} more after this`,
    inPage: 'Runs in',
    toolName: 'Tool',
    withArguments: (count: number) =>
      count < 5 ? 'With exactly this' : `With exactly these ${count} values`,
    noArguments: 'No arguments.',
    sensitive: 'may be personal or secret',
    mixed: 'letters of several alphabets',
    pageSays: 'The page says',
    allowOnce: 'Allow once',
    allowAlways: 'Always allow in this conversation',
    decline: 'Decline',
  },
  unreadable: 'This value cannot be shown.',

  announce: {
    answered: 'The answer is complete.',
    waiting: (title: string) => `${title} waits for your decision.`,
    waitingElsewhere: (title: string) => `${title} waits for your decision in another tab.`,
    done: (title: string) => `${title}: done.`,
    failed: (title: string) => `${title}: failed.`,
    notRun: (title: string) => `${title}: not run.`,
    stopped: (title: string) => `${title}: stopped.`,
    unknown: (title: string) => `${title}: outcome unknown.`,
  },
} as const;
