import type { SiteParts } from './site.ts';

/** A chat of the bench: where its page is, and how a visitor works it. Selectors reach through open shadow roots. */
export interface Contender {
  readonly id: string;
  readonly name: string;
  /** Name of its page. */
  readonly page: string;
  /** More for the page's address. */
  readonly query?: string;
  /** Its own, or the host's button where it has none. */
  readonly launcher: string;
  readonly input: string;
  /** Pressed to send; absent: Enter. */
  readonly send?: string;
  /** It keeps its history by itself; others get one from the page. */
  readonly keepsHistory?: boolean;
  /** Comes from npm, into `bench/rivals`. */
  readonly isRival?: boolean;
}

const FLOOR = {
  page: 'floor',
  launcher: '.launcher',
  input: '.panel textarea',
} as const;

/** The page without a chat. */
export const BLANK: Contender = { id: 'blank', name: 'blank page', page: 'blank', launcher: '', input: '' };

export const CONTENDERS: readonly Contender[] = [
  {
    id: 'pagehand',
    name: 'Pagehand',
    page: 'pagehand',
    launcher: '#l',
    input: 'textarea',
    keepsHistory: true,
  },
  { id: 'floor', name: 'floor', ...FLOOR },
  { id: 'floor30', name: 'floor at 30 Hz', ...FLOOR, query: 'every=2' },
  { id: 'floor20', name: 'floor at 20 Hz', ...FLOOR, query: 'every=3' },
];

export const HEADS: SiteParts['heads'] = {
  blank: () => '',
  pagehand: () => '<script async src="/pagehand/pagehand.js" data-token="ct_test_bench"></script>',
  floor: () => '<script type="module" src="/floor/floor.js"></script>',
};
