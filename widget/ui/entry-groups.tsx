import type { RefObject, VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Entry } from '../chat/state.ts';
import { useView } from './context.ts';
import { element } from './markdown/element.ts';

/** So many entries are drawn together. */
const GROUP = 8;
/** So many groups at the end of a thread are drawn at once: more than a screenful. */
const NEWEST = 2;
/** How near a group comes to what is seen before it is drawn, in pixels. */
const NEAR = 600;
/** Whether the browser itself keeps in place what is seen while something above it grows. */
const ANCHORS = globalThis.CSS?.supports('overflow-anchor', 'auto') ?? false;

export interface EntryGroupsProps {
  readonly entries: readonly Entry[];
  readonly scroller: RefObject<HTMLElement | null>;
  /** The same node for the same entry, as long as nothing about it changes. */
  readonly nodeOf: (entry: Entry, index: number) => VNode;
}

interface Group {
  readonly entries: readonly Entry[];
  readonly isDrawn: boolean;
  readonly isNewest: boolean;
  readonly node: VNode;
}

/**
 * The entries of a thread, in groups: what is far from the end of a long thread stands there in its bare words, which
 * can be found, read and scrolled to, and is drawn when it comes near. What was drawn stays.
 */
export function EntryGroups({ entries, scroller, nodeOf }: EntryGroupsProps) {
  const known = useMemo(() => new Map<string, Group>(), []);
  const watcher = useNearness(scroller);
  const { length } = entries;
  const count = Math.ceil(length / GROUP);
  const keys = new Set<string>();

  const groupNode = (_: unknown, index: number): VNode => {
    const from = index * GROUP;
    // Another thread has other groups.
    const key = `${index} ${entries[from]?.id}`;
    keys.add(key);
    const before = known.get(key);
    const isNewest = index >= count - NEWEST;
    const isDrawn = before?.isDrawn === true || isNewest || watcher.isNear(key);
    const isSame = before?.isDrawn === isDrawn && !before.isNewest && isWithin(before.entries, entries, from);
    if (isSame && !isNewest) return before.node;
    const own = entries.slice(from, from + GROUP);
    const node = isDrawn ? (
      <div key={key} class={isNewest ? 'group' : 'group far'}>
        {own.map((entry, i) => nodeOf(entry, from + i))}
      </div>
    ) : (
      <BareGroup key={key} entries={own} watch={(group) => watcher.watch(group, key)} />
    );
    known.set(key, { entries: own, isDrawn, isNewest, node });
    return node;
  };

  const nodes = Array.from({ length: count }, groupNode);
  for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
  return <>{nodes}</>;
}

function isWithin(own: readonly Entry[], entries: readonly Entry[], from: number): boolean {
  return (
    own.length === Math.min(GROUP, entries.length - from) &&
    own.every((entry, i) => entry === entries[from + i])
  );
}

interface BareGroupProps {
  readonly entries: readonly Entry[];
  readonly watch: (group: HTMLElement) => () => void;
}

/** Built without a virtual copy: there may be hundreds of these. */
function BareGroup({ entries, watch }: BareGroupProps) {
  const { say } = useView().words;
  const group = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (group.current === null) return;
    const bare = entries.map((entry) => {
      const words = element('p', entry.role === 'user' ? 'entry visitor as-written' : 'entry as-written');
      const who = element('span', 'unseen');
      who.textContent = say(entry.role === 'user' ? 'thread.visitorSaid' : 'thread.chatSaid');
      words.part.add('message', entry.role === 'user' ? 'visitor' : 'answer');
      words.dir = 'auto';
      words.append(who, wordsOf(entry));
      return words;
    });
    group.current.replaceChildren(...bare);
    return watch(group.current);
  }, [entries]);
  return <div class="group far" ref={group} />;
}

function wordsOf(entry: Entry): string {
  if (entry.role === 'user') return entry.text;
  return entry.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n\n');
}

/** Draws again when a group that is watched comes near to what is seen. */
function useNearness(scroller: RefObject<HTMLElement | null>) {
  const [times, drawAgain] = useState(0);
  const nearness = useMemo(() => {
    const near = new Set<string>();
    const keys = new WeakMap<Element, string>();
    let observer: IntersectionObserver | undefined;
    /** How far what is seen stands from the end, where that has to stay so. */
    let fromEnd: number | undefined;

    function onChange(changes: readonly IntersectionObserverEntry[]) {
      const outer = scroller.current;
      const came = changes.filter(({ isIntersecting }) => isIntersecting);
      if (outer === null || came.length === 0) return;
      const { top } = outer.getBoundingClientRect();
      if (!ANCHORS && came.every(({ boundingClientRect: { bottom } }) => bottom <= top))
        fromEnd = outer.scrollHeight - outer.scrollTop;
      for (const { target } of came) near.add(keys.get(target) ?? '');
      drawAgain((before) => before + 1);
    }

    return {
      /** Once: who is drawn needs no watching. */
      isNear: (key: string) => near.delete(key),
      watch(group: HTMLElement, key: string) {
        observer ??= new IntersectionObserver(onChange, {
          root: scroller.current,
          rootMargin: `${NEAR}px 0px`,
        });
        keys.set(group, key);
        observer.observe(group);
        return () => observer?.unobserve(group);
      },
      settle() {
        const outer = scroller.current;
        if (outer !== null && fromEnd !== undefined) outer.scrollTop = outer.scrollHeight - fromEnd;
        fromEnd = undefined;
      },
      stop: () => observer?.disconnect(),
    };
  }, []);
  useLayoutEffect(nearness.settle, [times]);
  useLayoutEffect(() => nearness.stop, []);
  return nearness;
}
