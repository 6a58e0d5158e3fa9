import { readQuestions, readReplies } from '../../chat/own-tool-input.ts';
import type { ToolCallPart } from '../../chat/state.ts';
import { useView } from '../context.ts';

/** What was asked and what was said, as it stays in the thread. */
export function Asked({ part }: { readonly part: ToolCallPart }) {
  const { words } = useView();
  const { say, language } = words;
  const { state } = part;
  if (state.status === 'asking' && state.elsewhere) {
    return (
      <p class="notice" lang={language}>
        <bdi>{say('question.elsewhere')}</bdi>
      </p>
    );
  }
  if (state.status !== 'done' && state.status !== 'cancelled') return null;
  const replies = state.status === 'done' ? readReplies(state.result) : [];
  return (
    <dl class="asked">
      {readQuestions(part.input).map(({ question }, at) => (
        <div key={question}>
          <dt dir="auto">{question}</dt>
          {replies[at] === undefined ? (
            <dd class="muted">{say(state.status === 'done' ? 'question.skipped' : 'question.open')}</dd>
          ) : (
            replies[at].map((reply) => (
              <dd key={reply} dir="auto">
                {reply}
              </dd>
            ))
          )}
        </div>
      ))}
    </dl>
  );
}
