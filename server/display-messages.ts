import type { DisplayMessage } from '../protocol/history.ts';
import type { ContentPart } from '../protocol/message.ts';
import { messageText } from '../protocol/message.ts';
import type { ModelMessage, ModelToolResult } from './models/model.ts';
import type { RecordedMessage } from './store/records.ts';

type Receipt = NonNullable<DisplayMessage['calls']>[number];
type Attachment = NonNullable<DisplayMessage['attachments']>[number];

/**
 * Messages as a widget shows them again. The receipts of calls stand with the words they came with, and of calls
 * without words with the next words of the same answer; calls that have no result yet are left out.
 */
export function displayMessages(recorded: readonly RecordedMessage[]): DisplayMessage[] {
  const results = resultsById(recorded);
  const shown: DisplayMessage[] = [];
  let waiting: Receipt[] = [];
  let last: RecordedMessage | undefined;
  const flush = () => {
    if (waiting.length > 0 && last !== undefined)
      shown.push({ ...head(last), role: 'assistant', content: '', displayAvailable: false, calls: waiting });
    waiting = [];
  };
  for (const entry of recorded) {
    const { message } = entry;
    if (message.role === 'tool') continue;
    if (message.role === 'user') {
      flush();
      shown.push(userMessage(entry, message.content));
      continue;
    }
    const calls = [...waiting, ...receipts(message, results)];
    if (message.text.trim() === '') {
      waiting = calls;
      last = entry;
      continue;
    }
    waiting = [];
    shown.push({
      ...head(entry),
      role: 'assistant',
      content: message.text,
      ...display(entry),
      displayAvailable: true,
      ...(calls.length === 0 ? {} : { calls }),
    });
  }
  flush();
  return shown;
}

function userMessage(entry: RecordedMessage, content: readonly ContentPart[]): DisplayMessage {
  const attachments = content.flatMap(attachmentOf);
  return {
    ...head(entry),
    role: 'user',
    content: messageText([...content]),
    ...display(entry),
    displayAvailable: true,
    ...(attachments.length === 0 ? {} : { attachments }),
  };
}

/** Where no client gave a message an id, its place does: it never changes. */
function head({ clientId, position, createdAtMs }: RecordedMessage) {
  return {
    id: clientId ?? `msg_${position}`,
    ...(createdAtMs === null ? {} : { timestamp: new Date(createdAtMs).toISOString() }),
  };
}

function display({ display }: RecordedMessage): { displayContent?: string } {
  return display === null ? {} : { displayContent: display };
}

function resultsById(recorded: readonly RecordedMessage[]): ReadonlyMap<string, ModelToolResult> {
  return new Map(
    recorded.flatMap(({ message }) =>
      message.role === 'tool' ? message.results.map((result) => [result.toolCallId, result] as const) : [],
    ),
  );
}

function receipts(
  { toolCalls }: Extract<ModelMessage, { role: 'assistant' }>,
  results: ReadonlyMap<string, ModelToolResult>,
): readonly Receipt[] {
  return toolCalls.flatMap(({ toolCallId, name, bareName, input }) => {
    const result = results.get(toolCallId);
    if (result === undefined) return [];
    return { toolCallId, name: bareName ?? name, input, result: result.text, isError: result.isError };
  });
}

/** What it was, without its bytes. */
function attachmentOf(part: ContentPart): readonly Attachment[] {
  switch (part.type) {
    case 'upload':
      return [{ fileId: part.fileId, filename: part.filename, mimeType: part.mimeType }];
    case 'file':
      return [{ filename: part.filename, mimeType: part.mimeType }];
    case 'image':
      return [{ filename: part.alt ?? 'image', mimeType: part.mimeType ?? typeOf(part.image) ?? 'image/*' }];
    case 'audio':
      return [{ filename: 'audio', mimeType: part.mimeType ?? typeOf(part.audio) ?? 'audio/*' }];
    case 'video':
      return [{ filename: 'video', mimeType: part.mimeType ?? typeOf(part.video) ?? 'video/*' }];
    default:
      return [];
  }
}

function typeOf(resource: string): string | undefined {
  return /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+)[;,]/i.exec(resource.slice(0, 200))?.[1];
}
