import { plainText } from './plain-text.ts';
import type { ToolProfile } from './profile.ts';
import { inPlainWords } from './wording.ts';

const IDENTITY =
  /\b(?:are|r) (?:you|u) (?:an? |the |really |even |just )*(?:ai|bot|robot|human|real|person|machine|llm|language model|chatbot|chatgpt|gpt|claude|offline)\b|\b(?:what|which) (?:ai |language )?(?:model|llm|ai)\b|\bwho (?:are|made) you\b|\bwhat are you\b|\bare you there\b/i;
const HELP =
  /^\W*(?:help|help me|\?+|what can (?:you|i) (?:do|ask|say)(?: here| for me| on this page)?|what (?:do|can) you (?:do|offer|know)|how (?:does this|do you|can you) (?:work|help)(?: me)?|what (?:tools|commands|actions)\b.*|options|menu|commands)\W*$/i;
const GREETING =
  /^\W*(?:hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|day)|greetings|yo)(?: there| you| bot| everyone| again| all| friend)*\W*$/i;
const THANKS =
  /^\W*(?:ok |okay |great |perfect |cool |nice )?(?:thanks|thank you|thx|ty|cheers|great|perfect|awesome|nice|cool|ok|okay|good)(?: so much| a lot| very much)?\W*$/i;
const FAREWELL = /^\W*(?:bye|goodbye|good bye|see you|see ya|later)(?: bye| later)?\W*$/i;

const WHAT_I_AM =
  'I am the offline model of this chat: a small program that matches your words to the tools of this page. I am not a language model, and I know only what the tools tell me. Whoever runs this site can plug in a real model.';

/** A sentence that this model acts on with the tools that there are. */
export type Example = () => string | undefined;

export function isSmallTalk(text: string): boolean {
  return [IDENTITY, HELP, GREETING, THANKS, FAREWELL].some((pattern) => pattern.test(text));
}

/** An answer to what needs no tool: greetings, thanks, questions about the chat itself. */
export function smallTalk(
  text: string,
  profiles: readonly ToolProfile[],
  example: Example,
): string | undefined {
  if (IDENTITY.test(text)) return WHAT_I_AM;
  if (HELP.test(text)) return `${WHAT_I_AM}\n\n${whatThereIs(profiles, example)}`;
  if (GREETING.test(text))
    return `Hello! I am the offline model of this chat. ${whatThereIs(profiles, example)}`;
  if (THANKS.test(text)) return 'You are welcome.';
  if (FAREWELL.test(text)) return 'Goodbye.';
  return undefined;
}

/** For a request that no tool fits. */
export function cannotHelp(profiles: readonly ToolProfile[], example: Example): string {
  return `I did not find a tool of this page for that. I am an offline model, so I can only do what the page's tools do. ${whatThereIs(profiles, example)}`;
}

const MAX_LISTED = 12;

function whatThereIs(profiles: readonly ToolProfile[], example: Example): string {
  if (profiles.length === 0)
    return 'This page offers no tools right now, so there is nothing I can do on it.';
  const listed = profiles.slice(0, MAX_LISTED).map((profile) => `- ${inPlainWords(profile)}`);
  const more = profiles.length > MAX_LISTED ? [`- … and ${profiles.length - MAX_LISTED} more`] : [];
  const sentence = example();
  const tail = sentence === undefined ? '' : `\n\nFor example: “${plainText(sentence, 240)}”`;
  return `On this page I can:\n\n${[...listed, ...more].join('\n')}${tail}`;
}
