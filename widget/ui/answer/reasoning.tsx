import type { ReasoningPart } from '../../chat/state.ts';
import { useView } from '../context.ts';

/** What the model thought, folded away. */
export function Reasoning({ part }: { readonly part: ReasoningPart }) {
  const { say } = useView().words;
  const { streaming, durationMs, text } = part;
  const seconds = durationMs === undefined ? 0 : Math.round(durationMs / 1000);
  const title = streaming
    ? say('answer.reasoningNow')
    : seconds > 0
      ? say('answer.reasoningFor', { seconds })
      : say('answer.reasoning');
  return (
    <details class="reasoning">
      <summary>{title}</summary>
      <p dir="auto">{text}</p>
    </details>
  );
}
