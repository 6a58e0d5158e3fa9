import type { TargetedKeyboardEvent } from 'preact';
import { useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Reply } from '../../chat/chat.ts';
import { type Question, readQuestions } from '../../chat/own-tool-input.ts';
import type { ToolCallPart } from '../../chat/state.ts';
import { useArming, useSheetFocus } from '../asking.ts';
import { useView } from '../context.ts';

/** What stands chosen and written for one question. */
interface Draft {
  readonly chosen: readonly string[];
  readonly words: string;
}

const NOTHING: Draft = { chosen: [], words: '' };

/** Longest label of a choice that stands in a row with others, in characters. */
const PILL_CHARS = 28;

/** Puts the questions of one call to the visitor, one after another. */
export function QuestionSheet({ part }: { readonly part: ToolCallPart }) {
  const { chat, words } = useView();
  const { say } = words;
  const questions = useMemo(() => readQuestions(part.input), [part.id]);
  const [at, setAt] = useState(0);
  const [drafts, setDrafts] = useState<readonly Draft[]>([]);
  const sheet = useRef<HTMLElement>(null);
  const title = useId();
  const armed = useArming();
  useSheetFocus(sheet);
  // What was pressed has gone with its question.
  useLayoutEffect(() => {
    if (at > 0) sheet.current?.focus({ preventScroll: true });
  }, [at]);

  const question = questions[at];
  if (question === undefined) return null;
  const draft = drafts[at] ?? NOTHING;
  const isLast = at === questions.length - 1;
  const withDraft = (next: Draft) =>
    questions.map((_, other) => (other === at ? next : (drafts[other] ?? NOTHING)));

  const send = (all: readonly Draft[]) => {
    if (armed)
      chat.reply(
        part.id,
        questions.map((each, other) => replyOf(each, all[other] ?? NOTHING)),
      );
  };
  const goOn = (next: Draft) => {
    if (!armed) return;
    const all = withDraft(next);
    setDrafts(all);
    if (isLast) send(all);
    else setAt(at + 1);
  };
  const choose = (label: string) => {
    if (!armed) return;
    if (question.multiple) {
      const chosen = draft.chosen.includes(label)
        ? draft.chosen.filter((other) => other !== label)
        : [...draft.chosen, label];
      return setDrafts(withDraft({ ...draft, chosen }));
    }
    const next = { chosen: [label], words: '' };
    // The last of several is sent by its own button: what was said before may still be looked at.
    if (isLast && questions.length > 1) setDrafts(withDraft(next));
    else goOn(next);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      return send(drafts);
    }
    const option = question.options[Number(event.key) - 1];
    if (option === undefined || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    choose(option.label);
  };
  const isEmpty = draft.chosen.length === 0 && draft.words.trim() === '';
  const sendsAtOnce = questions.length === 1 && !question.multiple && !question.freeText;
  return (
    <section
      class="questions"
      aria-label={say('question.region')}
      aria-describedby={title}
      tabIndex={-1}
      ref={sheet}
      onKeyDown={onKeyDown}
    >
      <div class="question-head">
        {(question.header !== '' || questions.length > 1) && (
          <p class="muted">
            <bdi>{question.header}</bdi>
            {questions.length > 1 && (
              <span class="question-count">
                {say('question.count', { at: at + 1, of: questions.length })}
              </span>
            )}
          </p>
        )}
        <h3 id={title} dir="auto">
          {question.question}
        </h3>
        {question.multiple && <p class="muted">{say('question.several')}</p>}
      </div>
      <Options question={question} chosen={draft.chosen} armed={armed} titleId={title} onChoose={choose} />
      {question.freeText && (
        <input
          key={at}
          type="text"
          class="question-words"
          dir="auto"
          enterkeyhint={isLast ? 'send' : 'next'}
          aria-label={say('question.ownWords')}
          placeholder={say('question.ownWords')}
          value={draft.words}
          onInput={({ currentTarget }) =>
            setDrafts(
              withDraft({
                chosen: question.multiple ? draft.chosen : [],
                words: currentTarget.value,
              }),
            )
          }
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.isComposing) return;
            event.preventDefault();
            if (!isEmpty) goOn(draft);
          }}
        />
      )}
      <div class="question-answers">
        {at > 0 && (
          <button type="button" class="quiet" onClick={() => setAt(at - 1)}>
            {say('question.back')}
          </button>
        )}
        <button type="button" class="quiet skip" aria-disabled={!armed} onClick={() => goOn(NOTHING)}>
          {say('question.skip')}
        </button>
        {!sendsAtOnce && (
          <button
            type="button"
            class="primary"
            aria-disabled={!armed || isEmpty}
            onClick={() => !isEmpty && goOn(draft)}
          >
            {say(isLast ? 'question.send' : 'question.next')}
          </button>
        )}
      </div>
    </section>
  );
}

interface OptionsProps {
  readonly question: Question;
  readonly chosen: readonly string[];
  readonly armed: boolean;
  readonly titleId: string;
  readonly onChoose: (label: string) => void;
}

function Options({ question: { options }, chosen, armed, titleId, onChoose }: OptionsProps) {
  if (options.length === 0) return null;
  const areShort = options.every(
    ({ label, description }) => description === '' && label.length <= PILL_CHARS,
  );
  return (
    <ul class={areShort ? 'options pills' : 'options'} aria-labelledby={titleId}>
      {options.map(({ label, description }, index) => (
        <li key={label}>
          <button
            type="button"
            aria-pressed={chosen.includes(label)}
            aria-disabled={!armed}
            onClick={() => onChoose(label)}
          >
            <span class="option-key" aria-hidden="true">
              {index + 1}
            </span>
            <span class="option-words" dir="auto">
              {label}
              {description !== '' && <span class="muted"> {description}</span>}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function replyOf({ multiple }: Question, { chosen, words }: Draft): Reply {
  const own = words.trim();
  const said = own === '' ? chosen : [...chosen, own];
  if (said.length === 0) return undefined;
  return multiple ? said : said[0];
}
