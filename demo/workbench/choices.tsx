/** One of a few, as a row of buttons. */
export function Choices<Key extends string>(props: {
  readonly label: string;
  readonly choices: readonly (readonly [Key, string])[];
  readonly chosen: Key;
  onChoose(key: Key): void;
}) {
  return (
    <fieldset class="choices" aria-label={props.label}>
      {props.choices.map(([key, label]) => (
        <button
          key={key}
          type="button"
          aria-pressed={props.chosen === key}
          onClick={() => props.onChoose(key)}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
