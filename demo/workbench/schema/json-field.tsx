import { useState } from 'preact/hooks';

/** A value as JSON text, for what no simpler control can say. */
export function JsonField(props: {
  readonly id?: string;
  readonly label: string;
  readonly value: unknown;
  onChange(value: unknown): void;
}) {
  // What was typed stands as long as it means the value; a value that came from elsewhere replaces it.
  const [typed, setTyped] = useState({ text: printed(props.value), means: printed(props.value) });
  const isOwn = typed.means === printed(props.value);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const write = (text: string) => {
    const read = parsed(text);
    setProblem(read === undefined ? 'This is not JSON yet.' : undefined);
    setTyped({ text, means: read === undefined ? printed(props.value) : printed(read.value) });
    if (read !== undefined) props.onChange(read.value);
  };
  return (
    <>
      <textarea
        {...(props.id === undefined ? { 'aria-label': props.label } : { id: props.id })}
        class="control code"
        rows={3}
        spellcheck={false}
        placeholder="JSON"
        value={isOwn ? typed.text : printed(props.value)}
        onInput={(event) => write(event.currentTarget.value)}
      />
      {problem !== undefined && isOwn && <p class="problem">{problem}</p>}
    </>
  );
}

function parsed(text: string): { readonly value: unknown } | undefined {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch {
    // Half-typed JSON is the normal state of a text that is being typed.
    return undefined;
  }
}

function printed(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value, undefined, 2);
}
