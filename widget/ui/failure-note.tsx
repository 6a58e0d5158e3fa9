import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Failure } from '../chat/state.ts';
import type { MessageKey, Words } from '../messages.ts';
import { useView } from './context.ts';

/** What a chat without a part of its own code says. */
export const PARTS_MISSING: Failure = {
  code: 'not_loaded',
  message: 'A part of the chat did not load.',
  hint: undefined,
  retryable: true,
  advice: 'connection',
};

/**
 * What happened, what was kept and what to press, in the visitor's words. What a server says of a code that we know is
 * for whoever runs it, and stands here only while the site tries the chat out.
 */
export function FailureNote({
  failure,
  onRetry,
}: {
  readonly failure: Failure;
  readonly onRetry: () => void;
}) {
  const { words, isTest } = useView();
  const { message, hint } = sentences(failure, words);
  const forDevelopers = [failure.message, failure.hint].filter(
    (text) => text !== undefined && text !== message && text !== hint,
  );
  return (
    <div class="failure" role="alert" lang={words.language}>
      <p>
        <bdi>
          {/* Some hints say everything by themselves, for widgets that show nothing else. */}
          {!hint.startsWith(message) && <strong>{message} </strong>}
          {hint}
        </bdi>
      </p>
      {isTest && forDevelopers.length > 0 && (
        <p class="muted" lang="en" dir="ltr">
          {forDevelopers.join(' ')}
        </p>
      )}
      {failure.retryable && <RetryButton onRetry={onRetry} />}
    </div>
  );
}

function sentences(failure: Failure, { say }: Words): { readonly message: string; readonly hint: string } {
  const { code = '', says = code, advice, waitMs = 0, message, hint, retryable } = failure;
  const known = say(`failure.${says}` as MessageKey);
  const minutes = Math.ceil(waitMs / 60_000);
  const advised =
    advice &&
    (advice === 'wait' && minutes > 1 ? say('advice.waitMinutes', { minutes }) : say(`advice.${advice}`));
  return {
    message: known || message,
    hint: advised || (known === '' ? hint : '') || (retryable ? say('kept') : ''),
  };
}

function RetryButton({ onRetry }: { readonly onRetry: () => void }) {
  const { root, words } = useView();
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const element = button.current;
    // It goes with the failure. The focus goes to what goes on, and not to a field that brings a keyboard with it.
    return () => {
      if (element !== null && root.activeElement === element) {
        element.closest<HTMLElement>('.scroller')?.focus({ preventScroll: true });
      }
    };
  }, []);
  return (
    <button type="button" ref={button} onClick={onRetry}>
      {words.say('retry')}
    </button>
  );
}
