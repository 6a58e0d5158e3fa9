import { ERRORS, type ErrorCode } from '../../protocol/error.ts';
import type { EventBody } from '../../protocol/event.ts';
import { RequestError } from '../errors.ts';
import { ModelError } from '../models/model.ts';
import { StoreError } from '../store/store.ts';

/** Why a run was told to stop before its end. */
export type AbortCause =
  /** The visitor said something new. */
  | 'overtaken'
  | 'cancelled'
  /** This process is about to go, and another one goes on. */
  | 'handover'
  /** Another process has taken it over. */
  | 'lost';

export class RunAborted extends Error {
  readonly why: AbortCause;

  constructor(why: AbortCause) {
    super(`The run was stopped: ${why}.`);
    this.name = 'RunAborted';
    this.why = why;
  }
}

/** A failure as the wire has it. The words are ours: what others wrote may hold keys and prompts. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof ModelError || error instanceof RequestError) {
    return { code: error.code, message: error.message, hint: error.hint };
  }
  if (error instanceof StoreError) {
    return {
      code: 'store_unavailable',
      message: 'The answer could not be saved, so it stopped here.',
      hint: 'Send the message again.',
    };
  }
  return {
    code: 'internal',
    message: 'Something went wrong on the server, and the answer stopped here.',
    hint: 'Send the message again.',
  };
}

export function errorEvent(
  { code, message, hint }: Failure,
  kind: 'agent' | 'flow',
  completedAt: string,
): EventBody {
  const { retryable } = ERRORS[code];
  return {
    type: 'execution_error',
    kind,
    code,
    error: { code, message, retryable, ...(hint === undefined ? {} : { hint }) },
    completedAt,
  };
}

/**
 * The failure as text, for widgets of this wire, which show nothing for `execution_error`. The role `error` lets a
 * widget that shows the error itself leave this block out.
 */
export function visibleError({ message }: Failure, textId: string): readonly EventBody[] {
  return [
    { type: 'text_start', id: textId, role: 'error' },
    { type: 'text_delta', id: textId, delta: message },
    { type: 'text_complete', id: textId },
  ];
}
