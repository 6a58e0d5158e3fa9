import type { ComponentChildren } from 'preact';
import type { JsonSchema } from '../../../protocol/tool.ts';
import { visible } from '../visible.ts';
import type { Arguments } from './arguments.ts';
import { About, Control, Facts, type FieldProps, isSame, Labelled, problemAt } from './control.tsx';
import { type Choice, type Field, fieldOf, isRecord, resolved } from './field.ts';
import { JsonField } from './json-field.tsx';
import { pointerTo } from './problems.ts';
import { startingValue, withProperty } from './value.ts';

/** A form for a tool's arguments, made from its schema. */
export function SchemaForm({ args }: { readonly args: Arguments }) {
  const field = fieldOf(args.schema, args.schema);
  const stray = args.problems.value.get('');
  return (
    <div class="form">
      {field.kind === 'object' ? (
        <Properties field={field} pointer="" value={args.value.value} args={args} onChange={args.set} />
      ) : (
        <JsonField label="arguments" value={args.value.value} onChange={args.set} />
      )}
      {field.kind === 'object' && field.properties.length === 0 && (
        <p class="quiet">This tool takes no arguments.</p>
      )}
      {stray !== undefined && <p class="problem">{stray}</p>}
    </div>
  );
}

function Properties(props: {
  readonly field: Field & { kind: 'object' };
  readonly pointer: string;
  readonly value: unknown;
  readonly args: Arguments;
  onChange(value: unknown): void;
}) {
  const value = isRecord(props.value) ? props.value : {};
  return (
    <>
      {props.field.properties.map(({ name, schema, required }) => (
        <SchemaField
          key={name}
          label={name}
          schema={resolved(schema, props.args.schema)}
          pointer={pointerTo(props.pointer, name)}
          value={Object.hasOwn(value, name) ? value[name] : undefined}
          required={required}
          args={props.args}
          onChange={(next) => props.onChange(withProperty(props.value, name, next))}
        />
      ))}
    </>
  );
}

function SchemaField(props: FieldProps) {
  const field = fieldOf(props.schema, props.args.schema);
  const change = (value: unknown) => {
    props.args.touch(props.pointer);
    props.onChange(value);
  };
  switch (field.kind) {
    case 'object':
      return <ObjectField {...props} field={field} onChange={change} />;
    case 'list':
      return <ListField {...props} items={field.items} onChange={change} />;
    case 'several':
      return <SeveralField {...props} choices={field.choices} onChange={change} />;
    default:
      return (
        <Labelled {...props}>
          {(control) => <Control {...props} {...control} field={field} onChange={change} />}
        </Labelled>
      );
  }
}

function SeveralField(props: FieldProps & { readonly choices: readonly Choice[] }) {
  const value = Array.isArray(props.value) ? props.value : [];
  const toggle = (choice: Choice, on: boolean) => {
    const next = props.choices
      .map((known) => known.value)
      .filter((known) => (isSame(known, choice.value) ? on : value.some((entry) => isSame(entry, known))));
    props.onChange(next.length === 0 && !props.required ? undefined : next);
  };
  return (
    <Group {...props}>
      <div class="boxes">
        {props.choices.map((choice) => (
          <label key={choice.label} class="box">
            <input
              type="checkbox"
              checked={value.some((entry) => isSame(entry, choice.value))}
              onChange={(event) => toggle(choice, event.currentTarget.checked)}
            />
            {visible(choice.label)}
          </label>
        ))}
      </div>
    </Group>
  );
}

function ListField(props: FieldProps & { readonly items: JsonSchema }) {
  const value: readonly unknown[] = Array.isArray(props.value) ? props.value : [];
  const set = (next: readonly unknown[]) =>
    props.onChange(next.length === 0 && !props.required ? undefined : next);
  return (
    <Group {...props}>
      {value.map((entry, index) => (
        <div class="entry" key={index}>
          <SchemaField
            label={`${props.label} ${index + 1}`}
            schema={props.items}
            pointer={pointerTo(props.pointer, index)}
            value={entry}
            required
            args={props.args}
            onChange={(next) => set(value.map((old, at) => (at === index ? (next ?? null) : old)))}
          />
          <button type="button" class="plain" onClick={() => set(value.filter((_, at) => at !== index))}>
            Remove <span class="unseen">{`${props.label} ${index + 1}`}</span>
          </button>
        </div>
      ))}
      <button
        type="button"
        class="small"
        onClick={() => set([...value, startingValue(props.items, props.args.schema) ?? blank(props)])}
      >
        Add <span class="unseen">to {props.label}</span>
      </button>
    </Group>
  );
}

/** What a new entry of a list starts with. JSON has no empty place, so it is the plainest value of its kind. */
function blank(props: { readonly items: JsonSchema; readonly args: Arguments }): unknown {
  const field = fieldOf(props.items, props.args.schema);
  if (field.kind === 'text') return '';
  if (field.kind === 'object') return {};
  return field.kind === 'list' || field.kind === 'several' ? [] : null;
}

function ObjectField(props: FieldProps & { readonly field: Field & { kind: 'object' } }) {
  // Optional objects open on demand, so that a schema that refers to itself ends somewhere.
  const isOpen = props.value !== undefined || (props.required && props.pointer.split('/').length < 4);
  return (
    <Group {...props}>
      {isOpen && (
        <Properties
          field={props.field}
          pointer={props.pointer}
          value={props.value}
          args={props.args}
          onChange={props.onChange}
        />
      )}
      {props.value === undefined && !isOpen && (
        <button
          type="button"
          class="small"
          onClick={() => props.onChange(startingValue(props.schema, props.args.schema) ?? {})}
        >
          Fill in <span class="unseen">{props.label}</span>
        </button>
      )}
      {props.value !== undefined && !props.required && (
        <button type="button" class="plain" onClick={() => props.onChange(undefined)}>
          Leave out <span class="unseen">{props.label}</span>
        </button>
      )}
    </Group>
  );
}

function Group(props: FieldProps & { readonly children: ComponentChildren }) {
  const problem = problemAt(props);
  return (
    <fieldset class="field group">
      <legend class="field-name">
        {visible(props.label)} <Facts schema={props.schema} required={props.required} />
      </legend>
      <About schema={props.schema} />
      {props.children}
      {problem !== undefined && <p class="problem">{problem}</p>}
    </fieldset>
  );
}
