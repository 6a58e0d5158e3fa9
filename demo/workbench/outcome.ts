import type { FinishedCall } from './wire/recorder.ts';

type Outcome = FinishedCall['outcome'];

/** How a call ended, in words. */
export function outcomeWords(outcome: Outcome): string {
  switch (outcome.status) {
    case 'done':
      return 'Done';
    case 'failed':
      return 'The tool reported an error';
    case 'declined':
      return 'Declined';
    case 'timed_out':
      return 'No answer in time; the tool may still be running';
    case 'cancelled':
      return 'Cancelled; the tool may still be running';
    case 'navigated':
      return 'The page went elsewhere';
    case 'refused':
      return REFUSALS[outcome.reason];
  }
}

const REFUSALS: Readonly<Record<Extract<Outcome, { status: 'refused' }>['reason'], string>> = {
  gone: 'Did not run: the tool is gone',
  changed: 'Did not run: the tool changed since it was shown',
  invalid_arguments: 'Did not run: the arguments break the schema',
  not_offered: 'Did not run: the tool was not offered',
  already_run: 'Did not run: this call has run already',
};

export function isGood(outcome: Outcome): boolean {
  return outcome.status === 'done' || outcome.status === 'navigated';
}

export function durationOf(outcome: Outcome): number | undefined {
  return 'durationMs' in outcome ? outcome.durationMs : undefined;
}

/** What the model reads of it. */
export function outputText(outcome: Outcome): string {
  return 'output' in outcome ? outcome.output.content.map((part) => part.text).join('\n') : '';
}
