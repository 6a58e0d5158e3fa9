import { type Conversation, EMPTY_CONVERSATION, type Entry } from './state.ts';
import { changed, changeOf, type Order, type Picture, readMessage, type TabMessage } from './tab-messages.ts';

/** The line between the tabs of one surface. What comes over it can show a thread, and no more. */
export interface TabLine {
  /** Shows the others what changed here. `isOver`: nothing runs here any more. */
  tell(conversation: Conversation, isOver: boolean): void;
  order(order: Order): void;
  close(): void;
}

export interface TabLineOptions {
  /** Of the surface: other surfaces have another line. */
  readonly key: string;
  /** A tab wants to know what runs here; `undefined`: nothing. */
  readonly onAsk: () => Conversation | undefined;
  /** What another tab shows; `undefined` where too much was missed to say. */
  readonly onPicture: (conversation: Conversation | undefined, isOver: boolean) => void;
  readonly onOrder: (order: Order) => void;
}

/** What came over the channel before. A picture that is old is known and not shown. */
export interface Missed {
  readonly data: unknown;
  readonly isOld: boolean;
}

export function openTabLine(
  { onAsk, onPicture, onOrder }: TabLineOptions,
  channel: BroadcastChannel,
  missed: readonly Missed[],
): TabLine {
  const id = crypto.randomUUID();
  let hasOthers = false;
  let count = 0;
  let told: readonly Entry[] = [];
  let seen: Picture | undefined;
  let entries: readonly Entry[] = [];

  function post(message: TabMessage) {
    channel.postMessage(message);
  }

  function tell({ entries, ...state }: Conversation, isOver: boolean, isWhole = count === 0) {
    if (!hasOthers) return;
    count += 1;
    const change = changeOf(isWhole ? [] : told, entries);
    told = entries;
    post({ type: 'picture', from: id, count, isWhole, isOver, state, change });
  }

  function look(picture: Picture, isOld: boolean) {
    const isNext = picture.from === seen?.from && picture.count === seen.count + 1;
    const before = picture.isWhole ? [] : isNext ? entries : undefined;
    const now = before === undefined ? undefined : changed(before, picture.change);
    if (now === undefined) {
      // Once: who runs a turn answers with all there is.
      if (seen !== undefined) post({ type: 'ask' });
      seen = undefined;
      return isOld ? undefined : onPicture(undefined, picture.isOver);
    }
    seen = picture;
    entries = now;
    if (!isOld) onPicture({ ...EMPTY_CONVERSATION, ...picture.state, entries }, picture.isOver);
  }

  function hear(data: unknown, isOld = false) {
    const message = readMessage(data);
    if (message === undefined) return;
    hasOthers = true;
    if (message.type === 'picture') look(message, isOld);
    else if (message.type === 'ask') {
      const running = onAsk();
      if (running === undefined) post({ type: 'here' });
      else tell(running, false, true);
    } else if (message.type !== 'here') onOrder(message);
  }
  channel.onmessage = ({ data }) => hear(data);
  for (const { data, isOld } of missed) hear(data, isOld);

  return { tell, order: post, close: () => channel.close() };
}
