import { useState } from 'preact/hooks';
import type { MediaPart } from '../../chat/state.ts';
import type { Say } from '../../messages.ts';
import { useView } from '../context.ts';
import { httpUrl, mayLoad } from './media-hosts.ts';

/** Shows what may be loaded; of all else it says where it is. */
export function Media({ part }: { readonly part: MediaPart }) {
  const { chat, words } = useView();
  const { say } = words;
  const [failed, setFailed] = useState(false);
  const kind = kindOf(part);
  if (part.streaming) return <p class="notice">{say('media.coming', { kind: kindWords(kind, say) })}</p>;
  if (failed || !mayLoad(part.url, chat.surface.value?.mediaHosts ?? [])) {
    return <Elsewhere url={part.url} kind={kind} say={say} />;
  }
  const shared = { src: part.url, onError: () => setFailed(true) };
  switch (kind) {
    case 'image':
      return (
        <img class="media" alt={say('media.image')} loading="lazy" referrerpolicy="no-referrer" {...shared} />
      );
    case 'audio':
      return <audio class="media" controls preload="none" aria-label={say('media.audio')} {...shared} />;
    case 'video':
      return <video class="media" controls preload="none" aria-label={say('media.video')} {...shared} />;
    default:
      return <Elsewhere url={part.url} kind={kind} say={say} />;
  }
}

type Kind = 'image' | 'audio' | 'video' | 'file';

interface ElsewhereProps {
  readonly url: string;
  readonly kind: Kind;
  readonly say: Say;
}

function Elsewhere({ url, kind, say }: ElsewhereProps) {
  const address = httpUrl(url);
  if (address !== undefined) {
    return (
      <p class="media-link">
        <a href={address.href} title={address.href} target="_blank" rel="noopener noreferrer nofollow ugc">
          {kindWords(kind, say)}
        </a>{' '}
        <span class="muted">{address.hostname}</span>
      </p>
    );
  }
  if (!/^data:[\w.+-]+\/[\w.+-]+;base64,/.test(url)) {
    return <p class="notice">{say('media.missing', { kind: kindWords(kind, say) })}</p>;
  }
  return (
    <p class="media-link">
      <a href={url} download="">
        {say('media.save', { kind: kindWords(kind, say) })}
      </a>
    </p>
  );
}

function kindOf({ mediaType, url }: MediaPart): Kind {
  const named = mediaType.split('/')[0] ?? '';
  if (named === 'image' || named === 'audio' || named === 'video') return named;
  return url.startsWith('data:image/') ? 'image' : 'file';
}

function kindWords(kind: Kind, say: Say): string {
  return say(`media.${kind}`);
}
