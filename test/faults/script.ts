import type { ClientTool } from '../../protocol/tool.ts';

/** What the model does in one turn: some words, then perhaps calls. */
export interface ScriptedTurn {
  readonly words: number;
  /** Characters that each word is longer than it has to be. */
  readonly filler?: number;
  readonly calls: readonly ToolName[];
}

/** `look` and `pick` are tools of the page. `charge` must never act twice; `rate` may run again. */
type ToolName = 'look' | 'pick' | 'charge' | 'rate';

const turn = (words: number, ...calls: readonly ToolName[]): ScriptedTurn => ({ words, calls });

/** What a visitor can ask for. Every word of every answer occurs once, so that a doubled or lost one shows. */
const SCENARIOS = {
  words: [turn(14)],
  page: [turn(4, 'look'), turn(8)],
  parallel: [turn(3, 'look', 'pick'), turn(8)],
  effect: [turn(3, 'charge'), turn(8)],
  lookup: [turn(3, 'rate'), turn(8)],
  servers: [turn(2, 'charge', 'rate'), turn(6)],
  mixed: [turn(3, 'charge', 'look'), turn(8)],
  chain: [turn(2, 'look'), turn(2, 'pick'), turn(6)],
  long: [turn(2, 'charge'), turn(2, 'look'), turn(2, 'rate'), turn(4, 'pick'), turn(6)],
  /** More than any buffer may hold: 6 MB. */
  flood: [{ words: 400, filler: 16_000, calls: [] }],
} as const satisfies Record<string, readonly ScriptedTurn[]>;

export type ScenarioName = keyof typeof SCENARIOS;

/** Those that a fault is injected into. */
export const SCENARIO_NAMES = (Object.keys(SCENARIOS) as ScenarioName[]).filter((name) => name !== 'flood');

/** A surface of one page, and the secrets that must never show anywhere. */
export const PAGE_ORIGIN = 'https://shop.example.com';
export const CLIENT_TOKEN = 'ct_test_canaryClientToken';
export const API_KEY = 'sk_test_canaryApiKey';
export const PROVIDER_KEY = 'sk-canaryProviderKey';

export const PAGE_TOOLS: readonly ClientTool[] = (['look', 'pick'] as const).map((name) => ({
  name,
  description: `Has the page ${name}.`,
  parametersSchema: { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] },
  origin: 'webmcp',
  pageOrigin: PAGE_ORIGIN,
}));

/** What a visitor types: the scenario, and a tag that makes the words of the answer its own. */
export function request(scenario: ScenarioName, tag: string): string {
  return `${scenario} #${tag}`;
}

export function readRequest(text: string): { scenario: ScenarioName; tag: string } | undefined {
  const [, scenario = '', tag = ''] = /^(\w+) #(\S+)$/.exec(text) ?? [];
  return Object.hasOwn(SCENARIOS, scenario) ? { scenario: scenario as ScenarioName, tag } : undefined;
}

export function turnsOf(scenario: ScenarioName): readonly ScriptedTurn[] {
  return SCENARIOS[scenario];
}

/** The words of one turn (0, 1, 2 …), each with a space behind it. */
export function wordsOf(tag: string, index: number, { words, filler = 0 }: ScriptedTurn): readonly string[] {
  const padding = 'x'.repeat(filler);
  return Array.from({ length: words }, (_, word) => `${tag}.${index}.${word}${padding} `);
}

/** All that a finished answer says. */
export function answerTo(scenario: ScenarioName, tag: string): string {
  return turnsOf(scenario)
    .flatMap((one, index) => wordsOf(tag, index, one))
    .join('');
}

/** Names one call for good, however often the model is asked for it again. */
export function callKey(tag: string, turnIndex: number, callIndex: number): string {
  return `${tag}/${turnIndex}/${callIndex}`;
}

/** The result of a tool that ran: what the page or the server answers for this key. */
export function resultOf(name: string, key: string): string {
  return `${name} did ${key}`;
}
