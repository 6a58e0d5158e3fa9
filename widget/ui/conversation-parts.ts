import answerStyle from './answer.css?inline';
import { Answer } from './answer.tsx';
import approvalStyle from './approval.css?inline';
import { ApprovalCard } from './approval-card.tsx';
import composerStyle from './composer/composer-more.css?inline';
import { ComposerMore } from './composer/composer-more.tsx';
import { SentFiles } from './composer/sent-files.tsx';
import markdownStyle from './markdown/markdown.css?inline';
import { Markdown } from './markdown/markdown.tsx';
import toolStyle from './tool.css?inline';

/** What a conversation needs, and a chat that is merely looked at does not. */
export const conversationParts = {
  Answer,
  ApprovalCard,
  ComposerMore,
  Markdown,
  SentFiles,
  styles: answerStyle + toolStyle + markdownStyle + approvalStyle + composerStyle,
};
