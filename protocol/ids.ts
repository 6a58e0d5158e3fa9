import * as z from 'zod/mini';

/** The prefix of every id that the server mints. What follows it is opaque to all others. */
export const ID_PREFIX = {
  session: 'cs_',
  execution: 'exec_',
  conversation: 'conv_',
  toolCall: 'call_',
  turn: 'turn_',
  text: 'text_',
  feedback: 'fb_',
  request: 'req_',
  visitor: 'vis_',
  /** Of a visitor's secret. */
  visitorToken: 'cvt_',
  file: 'file_',
  tool: 'tool_',
  agent: 'agent_',
  flow: 'flow_',
  approval: 'appr_',
  step: 'step_',
  receipt: 'rcpt_',
  clientTokenRecord: 'ctr_',
  apiKeyRecord: 'key_',
} as const;

/** Any id that a peer minted: 1 to 200 characters without white space or control characters. */
export const Id = z.string().check(z.minLength(1), z.maxLength(200), z.regex(/^[^\s\p{C}]+$/u));

/** The public credential of a surface in a browser. */
export const ClientToken = z.string().check(z.regex(/^ct_(live|test)_[A-Za-z0-9_-]{1,120}$/));
