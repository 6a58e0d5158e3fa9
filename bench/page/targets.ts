/** A line of the comparison, and what it has to hold. */
export interface Row {
  readonly title: string;
  /** Figures of the samples, in the order in which a cell shows them. */
  readonly figures: readonly string[];
  /** Empty: a count. `yes/no`: 1 is yes. */
  readonly unit: 'kB' | 'ms' | 'MB' | '×' | '' | 'yes/no';
  readonly digits: number;
  /** What the blank page has is taken away. */
  readonly isAdded?: boolean;
  readonly target?: Target;
}

interface Target {
  /** In the words of the table. */
  readonly says: string;
  /** By figure: the most it may be, given the median of the same figure of the floor. */
  readonly most: Readonly<Record<string, (floor: number) => number>>;
}

const at = (limit: number) => () => limit;
const times = (factor: number) => (floor: number) => factor * floor;

export const ROWS: readonly Row[] = [
  {
    title: 'downloaded before the launcher is there, brotli',
    figures: ['launcherBytes'],
    unit: 'kB',
    digits: 1,
    target: { says: '≤ 3 kB', most: { launcherBytes: at(3000) } },
  },
  {
    title: 'downloaded besides in 5 s without intent',
    figures: ['idleBytes'],
    unit: 'kB',
    digits: 1,
    target: { says: 'nothing more', most: { idleBytes: at(0) } },
  },
  {
    title: 'downloaded by the first open',
    figures: ['openBytes'],
    unit: 'kB',
    digits: 1,
    target: { says: '≤ 32 kB', most: { openBytes: at(32_000) } },
  },
  { title: 'downloaded by the first answer', figures: ['answerBytes'], unit: 'kB', digits: 1 },
  {
    title: 'page load, main thread added to a blank page',
    figures: ['loadMs'],
    unit: 'ms',
    digits: 1,
    isAdded: true,
    target: { says: '≤ 4 ms', most: { loadMs: at(4) } },
  },
  {
    title: 'JS heap added at load',
    figures: ['loadHeapMB'],
    unit: 'MB',
    digits: 2,
    isAdded: true,
    target: { says: '≤ 0.15 MB', most: { loadHeapMB: at(0.15) } },
  },
  {
    title: 'click to a focused, usable input, warm',
    figures: ['openMs'],
    unit: 'ms',
    digits: 1,
    target: { says: '≤ 14 ms, focused', most: { openMs: at(14) } },
  },
  { title: 'cold, fast 4G, CPU ÷ 4: click to input', figures: ['coldMs'], unit: 'ms', digits: 0 },
  {
    title: 'cold, from the first byte of intent',
    figures: ['coldFromByteMs'],
    unit: 'ms',
    digits: 0,
    target: { says: '≤ 120 ms', most: { coldFromByteMs: at(120) } },
  },
  {
    title: 'cold, after a hover of 0.5 s',
    figures: ['coldHoveredMs'],
    unit: 'ms',
    digits: 0,
    target: { says: '≤ 60 ms', most: { coldHoveredMs: at(60) } },
  },
  {
    title: '2,000 tokens at once, main thread',
    figures: ['onceMs'],
    unit: 'ms',
    digits: 0,
    target: { says: '≤ 1.25 × floor', most: { onceMs: times(1.25) } },
  },
  {
    title: '2,000 tokens at 200/s, main thread',
    figures: ['streamMs'],
    unit: 'ms',
    digits: 0,
    target: { says: '≤ 0.75 × floor', most: { streamMs: times(0.75) } },
  },
  {
    title: 'the same: dropped frames, longest task',
    figures: ['droppedFrames', 'longestTaskMs'],
    unit: 'ms',
    digits: 0,
    target: { says: '0, ≤ 50 ms', most: { droppedFrames: at(0), longestTaskMs: at(50) } },
  },
  { title: '10,000 tokens at once, main thread', figures: ['once10000Ms'], unit: 'ms', digits: 0 },
  {
    title: '10,000 tokens at 200/s, main thread',
    figures: ['longMs'],
    unit: 'ms',
    digits: 0,
    target: { says: '≤ 0.75 × floor', most: { longMs: times(0.75) } },
  },
  {
    title: 'the same: a token of the last 2,000 to one of the first',
    figures: ['lastToFirst'],
    unit: '×',
    digits: 2,
    target: { says: '≤ 1', most: { lastToFirst: at(1) } },
  },
  {
    title: 'JS heap kept by an answer of 10,000 tokens',
    figures: ['keptHeapMB'],
    unit: 'MB',
    digits: 2,
    target: { says: '≤ 0.5 MB', most: { keptHeapMB: at(0.5) } },
  },
  {
    title: 'open with 500 messages: main thread',
    figures: ['historyMs'],
    unit: 'ms',
    digits: 0,
    target: { says: '≤ 60 ms', most: { historyMs: at(60) } },
  },
  {
    title: 'the same: click to input',
    figures: ['historyOpenMs'],
    unit: 'ms',
    digits: 0,
    target: { says: '≤ 40 ms', most: { historyOpenMs: at(40) } },
  },
  {
    title: 'the same: JS heap of the page',
    figures: ['historyHeapMB'],
    unit: 'MB',
    digits: 2,
    target: { says: '≤ 2.4 MB', most: { historyHeapMB: at(2.4) } },
  },
  {
    title: '20 keystrokes with those 500 messages',
    figures: ['keystrokesMs'],
    unit: 'ms',
    digits: 0,
    target: { says: '≤ 1.1 × floor', most: { keystrokesMs: times(1.1) } },
  },
  {
    title: 'cost of a token below 200 messages to one below none',
    figures: ['growth'],
    unit: '×',
    digits: 2,
    target: { says: '≤ 1.1', most: { growth: at(1.1) } },
  },
  {
    title: 'axe-core, opened: rules broken',
    figures: ['axeOpened'],
    unit: '',
    digits: 0,
    target: { says: '0', most: { axeOpened: at(0) } },
  },
  {
    title: 'the same after an answer',
    figures: ['axeAnswered'],
    unit: '',
    digits: 0,
    target: { says: '0', most: { axeAnswered: at(0) } },
  },
  { title: 'opens by keyboard', figures: ['opensByKeyboard'], unit: 'yes/no', digits: 0 },
  { title: 'focus goes into the input', figures: ['focusGoesIn'], unit: 'yes/no', digits: 0 },
  { title: 'Esc closes', figures: ['escapeCloses'], unit: 'yes/no', digits: 0 },
  { title: 'focus comes back', figures: ['focusComesBack'], unit: 'yes/no', digits: 0 },
  { title: 'answers are announced (live region)', figures: ['liveRegion'], unit: 'yes/no', digits: 0 },
];
