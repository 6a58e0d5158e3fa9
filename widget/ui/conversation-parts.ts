import { Announcer } from './announcer.tsx';
import { AfterThread } from './answer/after-thread.tsx';
import answerPartsStyle from './answer/answer-parts.css?inline';
import answerStyle from './answer.css?inline';
import { Answer } from './answer.tsx';
import approvalStyle from './approval.css?inline';
import { ApprovalCard } from './approval-card.tsx';
import composerStyle from './composer/composer-more.css?inline';
import { ComposerMore } from './composer/composer-more.tsx';
import { SentFiles } from './composer/sent-files.tsx';
import { VoiceButton } from './composer/voice-button.tsx';
import { EntryGroups } from './entry-groups.tsx';
import markdownStyle from './markdown/markdown.css?inline';
import { Markdown } from './markdown/markdown.tsx';
import messageStyle from './message-tools.css?inline';
import { MessageTools } from './message-tools.tsx';
import { QuestionSheet } from './questions/question-sheet.tsx';
import questionStyle from './questions/questions.css?inline';
import toolStyle from './tool.css?inline';
import { WaitNote } from './wait-note.tsx';

/** What a conversation needs, and a chat that is merely looked at does not. */
export const conversationParts = {
  AfterThread,
  Announcer,
  Answer,
  ApprovalCard,
  ComposerMore,
  EntryGroups,
  Markdown,
  MessageTools,
  QuestionSheet,
  SentFiles,
  VoiceButton,
  styles:
    answerStyle +
    answerPartsStyle +
    toolStyle +
    markdownStyle +
    approvalStyle +
    composerStyle +
    messageStyle +
    questionStyle,
  WaitNote,
};
