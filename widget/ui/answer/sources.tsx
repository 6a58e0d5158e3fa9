import type { SourcePart } from '../../chat/state.ts';
import { useView } from '../context.ts';
import { httpUrl } from './media-hosts.ts';

/** Where the answer comes from, numbered, each with the host that it leads to. */
export function Sources({ parts }: { readonly parts: readonly SourcePart[] }) {
  const { say } = useView().words;
  return (
    <ol class="sources" aria-label={say('answer.sources')}>
      {parts.map(({ id, url, title }, index) => {
        // What was kept in the browser, or told by another tab, may be anything.
        const address = httpUrl(url);
        if (address === undefined) return null;
        const { href, hostname } = address;
        return (
          <li key={id}>
            <a href={href} title={href} target="_blank" rel="noopener noreferrer nofollow ugc">
              <span class="source-number">{index + 1}</span>
              {title !== '' && title !== hostname && (
                <span class="source-title" dir="auto">
                  {title}
                </span>
              )}
              <span class="source-host">{hostname.replace(/^www\./, '')}</span>
            </a>
          </li>
        );
      })}
    </ol>
  );
}
