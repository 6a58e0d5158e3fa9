import type { StreamEvent } from '../../protocol/event.ts';
import { sealed } from './closing.ts';
import { ended } from './parts.ts';
import { fieldsOf, textOf } from './reading.ts';
import type { ArtifactPart, AssistantPart, MediaPart } from './state.ts';

type Parts = readonly AssistantPart[];

/** The parts of an answer after an event about what is no text of it: sources, media, pieces of work. */
export function partsAfterMedia(parts: Parts, event: StreamEvent): Parts {
  switch (event.type) {
    case 'source':
      return withSource(parts, textOf(event.url), textOf(event.title));
    case 'media_start':
      if (isKnown(parts, 'media', event.id)) return parts;
      return [
        ...sealed(parts),
        { kind: 'media', id: event.id, mediaType: textOf(event.mediaType) ?? '', url: '', streaming: true },
      ];
    case 'media_delta':
      return changed(parts, 'media', event.id, (part) => ({ ...part, url: part.url + event.delta }));
    case 'media_complete': {
      const begun = partsAfterMedia(parts, { ...event, type: 'media_start' });
      return changed(begun, 'media', event.id, (part) => {
        const mediaType = textOf(event.mediaType) ?? part.mediaType;
        const data = textOf(event.data);
        const url = data === undefined ? (textOf(event.url) ?? part.url) : dataUrl(data, mediaType);
        return { ...part, mediaType, url, streaming: false };
      });
    }
    case 'artifact_start':
      return isKnown(parts, 'artifact', event.id) ? parts : [...sealed(parts), artifactOf(event)];
    case 'artifact_delta':
      return changed(parts, 'artifact', event.id, (part) => ({ ...part, text: part.text + event.delta }));
    case 'artifact_complete':
      return changed(parts, 'artifact', event.id, (part) => ({ ...part, streaming: false }));
    case 'transcript_insert': {
      const { id, role, content } = fieldsOf(event.message);
      // A message in the visitor's name would go out again as theirs.
      if (role !== 'assistant') return parts;
      return ended(parts, 'text', textOf(id) ?? 'inserted', textOf(content));
    }
    default:
      return parts;
  }
}

/** Told twice, as after a break: what is there already goes on. */
function isKnown(parts: Parts, kind: AssistantPart['kind'], id: string): boolean {
  return parts.some((part) => part.kind === kind && part.id === id);
}

/** Each place once; what is no address of the web is no source that anybody could look up. */
function withSource(parts: Parts, address: string | undefined, title: string | undefined): Parts {
  if (address === undefined || !/^https?:/i.test(address) || !URL.canParse(address)) return parts;
  const url = new URL(address).href;
  const id = `source ${url}`;
  return isKnown(parts, 'source', id) ? parts : [...parts, { kind: 'source', id, url, title: title ?? '' }];
}

function artifactOf(event: Extract<StreamEvent, { type: 'artifact_start' }>): ArtifactPart {
  const { id, artifactType } = event;
  const file = fieldsOf(event.file);
  const path = textOf(file.path);
  const mimeType = textOf(file.mimeType) ?? '';
  const language = textOf(file.language) ?? '';
  return {
    kind: 'artifact',
    id,
    artifactType,
    title: textOf(event.title) ?? path ?? textOf(event.component) ?? '',
    text: '',
    streaming: true,
    ...(path !== undefined && { file: { path, mimeType, language } }),
  };
}

function changed<Kind extends 'media' | 'artifact'>(
  parts: Parts,
  kind: Kind,
  id: string,
  change: (part: Kind extends 'media' ? MediaPart : ArtifactPart) => AssistantPart,
): Parts {
  let isFound = false;
  const next = parts.map((part) => {
    if (part.kind !== kind || part.id !== id) return part;
    isFound = true;
    return change(part as Parameters<typeof change>[0]);
  });
  return isFound ? next : parts;
}

/** How the files begin whose type a server did not name, in base64. */
const BEGINNINGS: readonly (readonly [string, string])[] = [
  ['iVBOR', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];

function dataUrl(data: string, mediaType: string): string {
  if (data.startsWith('data:')) return data;
  const type = mediaType.includes('/')
    ? mediaType
    : BEGINNINGS.find(([beginning]) => data.startsWith(beginning))?.[1];
  return `data:${type ?? 'application/octet-stream'};base64,${data}`;
}
