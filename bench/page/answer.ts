/** What every chat of the bench is told: the same long Markdown, cut into the same tokens. */

const WORDS = [
  'island',
  'harbour',
  'lighthouse',
  'ferry',
  'parcel',
  'anchor',
  'tide',
  'chart',
  'quay',
  'buoy',
];

/** About four characters, as tokenizers cut them; blanks go with the word that follows. */
const TOKEN = /\s*\S{1,5}|\s+$/g;

/** What the visitor types to get an answer: how long, how fast, and a mark that its last line repeats. */
export interface Order {
  readonly tokens: number;
  /** Tokens a second; 0 is all at once. */
  readonly pace: number;
  readonly mark: string;
}

export interface HistoryMessage {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

let marks = 0;

/** For one answer: no two have the same last words. */
export function newMark(): string {
  marks += 1;
  return `m${marks}`;
}

export function orderText({ tokens, pace, mark }: Order): string {
  return `answer ${tokens} ${pace} ${mark}`;
}

/** The last order in whatever a protocol sent: every one of them carries the visitor's words as they are. */
export function readOrder(body: string): Order | undefined {
  const [, tokens, pace, mark] = [...body.matchAll(/answer (\d+) (\d+) (m\d+)/g)].at(-1) ?? [];
  return mark === undefined ? undefined : { tokens: Number(tokens), pace: Number(pace), mark };
}

/** The words that stand at the end of an answer, and nowhere else on the page. */
export function lastWords(mark: string): string {
  return `fin-${mark}`;
}

export function answerTokens({ tokens, mark }: Order): string[] {
  const pieces: string[] = [];
  for (let index = 1; pieces.length < tokens - 3; index += 1) {
    pieces.push(...(section(index).match(TOKEN) ?? []));
  }
  pieces.length = tokens - 3;
  return [...pieces, '\n\n', 'The end: ', `${lastWords(mark)}\n`];
}

/** As many messages as a visitor and the chat exchanged, in turns. */
export function history(count: number): HistoryMessage[] {
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0
      ? {
          role: 'user',
          text: `Question ${index}: how long does the ${word(index)} take to the ${word(index + 3)}?`,
        }
      : { role: 'assistant', text: shortAnswer(index) },
  );
}

export function shortAnswer(index: number): string {
  return `About **${(index % 7) + 1} days**, see \`${word(index)}-${index}\`.

- by the ${word(index + 1)}, on weekdays before 15:00
- by the ${word(index + 2)}, *signed for*, [see the rates](https://example.com/rates/${index})

Parcels up to ${index} g go by post.`;
}

function word(index: number): string {
  return WORDS[index % WORDS.length] ?? '';
}

function section(index: number): string {
  return `## ${index}. Shipping to the ${word(index)}

We ship **every weekday** before 15:00, and the \`tracking-${index}\` page shows the parcel within the hour. What leaves the ${word(index + 1)} in the morning is at the ${word(index + 2)} in the evening:

- parcels up to ${index} kg go by post, [see the table](https://example.com/rates/${index})
- anything heavier goes by courier, *signed for*
- what floats goes by ${word(index + 3)}

| weight | price | days |
| --- | ---: | ---: |
| ${index}.5 kg | ${index}.90 | 2 |
| ${index + 2}.0 kg | ${index + 3}.90 | 3 |

\`\`\`ts
const price${index} = rates.find((rate) => rate.limit >= weight)?.price ?? quote(weight);
\`\`\`

`;
}
