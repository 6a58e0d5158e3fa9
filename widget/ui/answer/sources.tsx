import type { SourcePart } from '../../chat/state.ts';
import { useView } from '../context.ts';

/** Where the answer comes from, numbered, each with the host that it leads to. */
export function Sources({ parts }: { readonly parts: readonly SourcePart[] }) {
  const { say } = useView().words;
  return (
    <ol class="sources" aria-label={say('answer.sources')}>
      {parts.map(({ id, url, title }, index) => {
        const { hostname } = new URL(url);
        return (
          <li key={id}>
            <a href={url} title={url} target="_blank" rel="noopener noreferrer nofollow ugc">
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
