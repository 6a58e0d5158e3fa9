import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { JsonSchema } from '../../../protocol/tool.ts';
import { visible } from '../visible.ts';
import type { Arguments } from './arguments.ts';
import type { Choice, Field } from './field.ts';
import { JsonField } from './json-field.tsx';

export interface FieldProps {
  readonly label: string;
  readonly schema: JsonSchema;
  readonly pointer: string;
  readonly value: unknown;
  readonly required: boolean;
  readonly args: Arguments;
  /** `undefined` takes the value out. */
  onChange(value: unknown): void;
}

interface ControlIds {
  readonly id: string;
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
}

/** A name, a control, what the page says of it, and what is wrong with it. */
export function Labelled(props: FieldProps & { children(control: ControlIds): ComponentChildren }) {
  const id = useId();
  const problem = problemAt(props);
  const described = [descriptionOf(props.schema) && `${id}-about`, problem && `${id}-problem`].filter(
    Boolean,
  );
  return (
    <div class="field">
      <label class="field-name" for={id}>
        {visible(props.label)} <Facts schema={props.schema} required={props.required} />
      </label>
      {props.children({ id, describedBy: described.join(' ') || undefined, invalid: problem !== undefined })}
      <About id={`${id}-about`} schema={props.schema} />
      {problem !== undefined && (
        <p class="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}

export function Control(props: FieldProps & ControlIds & { readonly field: Field }) {
  const { field, value } = props;
  const common = {
    id: props.id,
    class: 'control',
    'aria-describedby': props.describedBy,
    'aria-invalid': props.invalid,
    'aria-required': props.required,
    'data-pointer': props.pointer,
    onBlur: () => props.args.touch(props.pointer),
  };
  switch (field.kind) {
    case 'choice':
      return <ChoiceSelect common={common} choices={field.choices} value={value} onChange={props.onChange} />;
    case 'boolean':
      return <ChoiceSelect common={common} choices={BOOLEANS} value={value} onChange={props.onChange} />;
    case 'number':
      return (
        <input
          {...common}
          type="text"
          inputMode={field.integer ? 'numeric' : 'decimal'}
          value={value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)}
          onInput={(event) => props.onChange(numberFrom(event.currentTarget.value))}
        />
      );
    case 'text': {
      const text = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
      const onInput = (event: { readonly currentTarget: { readonly value: string } }) =>
        props.onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value);
      if (field.multiline) return <textarea {...common} rows={3} value={text} onInput={onInput} />;
      if (field.input === 'date') return <input {...common} type="date" value={text} onInput={onInput} />;
      // An e-mail or URL control would swallow what it thinks is wrong; the schema is to judge.
      return <input {...common} type="text" inputMode={field.input} value={text} onInput={onInput} />;
    }
    default:
      return <JsonField id={props.id} label={props.label} value={value} onChange={props.onChange} />;
  }
}

const BOOLEANS: readonly Choice[] = [
  { value: true, label: 'true' },
  { value: false, label: 'false' },
];

function ChoiceSelect(props: {
  readonly common: Readonly<Record<string, unknown>>;
  readonly choices: readonly Choice[];
  readonly value: unknown;
  onChange(value: unknown): void;
}) {
  const chosen = props.choices.findIndex((choice) => isSame(choice.value, props.value));
  const isStrange = chosen === -1 && props.value !== undefined;
  return (
    <select
      {...props.common}
      value={isStrange ? 'strange' : chosen === -1 ? '' : String(chosen)}
      onChange={(event) =>
        props.onChange(props.choices[Number(event.currentTarget.value || Number.NaN)]?.value)
      }
    >
      <option value="">not set</option>
      {isStrange && <option value="strange">{visible(JSON.stringify(props.value) ?? '')}</option>}
      {props.choices.map((choice, index) => (
        <option key={choice.label} value={String(index)}>
          {visible(choice.label)}
        </option>
      ))}
    </select>
  );
}

export function Facts({ schema, required }: { readonly schema: JsonSchema; readonly required: boolean }) {
  const type = [schema.type ?? 'any'].flat().join(' or ');
  const format = typeof schema.format === 'string' ? `, ${visible(schema.format)}` : '';
  return (
    <span class="facts">
      {type}
      {format}
      {required ? ', required' : ''}
    </span>
  );
}

export function About({ id, schema }: { readonly id?: string; readonly schema: JsonSchema }) {
  const text = descriptionOf(schema);
  return text === undefined ? null : (
    <p class="about" {...(id === undefined ? {} : { id })}>
      {visible(text)}
    </p>
  );
}

function descriptionOf(schema: JsonSchema): string | undefined {
  return typeof schema.description === 'string' && schema.description !== '' ? schema.description : undefined;
}

export function problemAt({ args, pointer }: FieldProps): string | undefined {
  const isDue = args.attempted.value || args.touched.value.has(pointer);
  return isDue ? args.problems.value.get(pointer) : undefined;
}

/** What is no number stays text, so that nothing that was typed is lost and the schema can object. */
function numberFrom(text: string): number | string | undefined {
  if (text.trim() === '') return undefined;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
}

export function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
