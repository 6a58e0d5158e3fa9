import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import { afterEach, describe, expect, test } from 'vitest';
import { createArguments } from '../../../demo/workbench/schema/arguments.ts';
import { SchemaForm } from '../../../demo/workbench/schema/form.tsx';
import { problemsOf } from '../../../demo/workbench/schema/problems.ts';
import { schemaRows } from '../../../demo/workbench/schema/rows.ts';

afterEach(cleanup);

const BOOKING = {
  type: 'object',
  $defs: {
    person: { type: 'object', properties: { name: { type: 'string', minLength: 2 } }, required: ['name'] },
  },
  properties: {
    room: { type: 'string', enum: ['oak', 'birch'], description: 'Which room' },
    seats: { type: 'integer', minimum: 1, maximum: 8, default: 2 },
    price: { type: 'number' },
    projector: { type: 'boolean' },
    day: { type: 'string', format: 'date' },
    email: { type: 'string', format: 'email' },
    site: { type: 'string', format: 'uri' },
    notes: { type: 'string', maxLength: 500 },
    guests: { type: 'array', items: { $ref: '#/$defs/person' } },
    extras: { type: 'array', items: { type: 'string', enum: ['tea', 'cake'] } },
    contact: { type: 'object', properties: { phone: { type: 'string' } }, required: ['phone'] },
    anything: {},
  },
  required: ['room', 'contact'],
};

function show(schema: Record<string, unknown>) {
  const args = createArguments(schema);
  render(<SchemaForm args={args} />);
  return args;
}

/** A label starts with the property's name; what follows it are type and rules. */
const field = (name: string) => screen.getByLabelText(new RegExp(`^${name} `));

function type(name: string, text: string): void {
  fireEvent.input(field(name), { target: { value: text } });
}

describe('a form made from a schema', () => {
  test('has a fitting control for each kind of property', () => {
    show(BOOKING);
    const kinds = ['room', 'seats', 'projector', 'day', 'email', 'notes', 'anything'].map((name) => {
      const control = field(name);
      return `${name}: ${control.tagName.toLowerCase()} ${control.getAttribute('type') ?? ''}`.trim();
    });
    expect(kinds).toEqual([
      'room: select',
      'seats: input text',
      'projector: select',
      'day: input date',
      'email: input text',
      'notes: textarea',
      'anything: textarea',
    ]);
    expect(screen.getByRole('group', { name: /^contact/ })).toBeTruthy();
    expect(within(screen.getByRole('group', { name: /^extras/ })).getAllByRole('checkbox')).toHaveLength(2);
    expect(field('room').getAttribute('aria-required')).toBe('true');
    expect(screen.getByText('Which room')).toBeTruthy();
  });

  test('starts with the defaults and nothing else', () => {
    const args = show(BOOKING);
    expect(args.value.value).toEqual({ seats: 2, contact: {} });
    expect(field('seats')).toHaveProperty('value', '2');
  });

  test('writes values of the right type, and the JSON follows', () => {
    const args = show(BOOKING);
    fireEvent.change(field('room'), { target: { value: '1' } });
    type('seats', '4');
    type('price', '12.5');
    fireEvent.change(field('projector'), { target: { value: '1' } });
    type('day', '2026-11-20');
    type('phone', '123');
    fireEvent.click(screen.getByLabelText('cake'));
    type('anything', '{"a":[1]}');
    const wanted = {
      seats: 4,
      contact: { phone: '123' },
      room: 'birch',
      price: 12.5,
      projector: false,
      day: '2026-11-20',
      extras: ['cake'],
      anything: { a: [1] },
    };
    expect(args.value.value).toEqual(wanted);
    expect(JSON.parse(args.text.value)).toEqual(wanted);
    expect(args.problems.value.size).toBe(0);
  });

  test('takes a property out when its field is emptied', () => {
    const args = show(BOOKING);
    type('seats', '');
    expect(args.value.value).toEqual({ contact: {} });
  });

  test('adds and removes entries of a list, nested ones too', () => {
    const args = show(BOOKING);
    fireEvent.click(screen.getByRole('button', { name: 'Add to guests' }));
    fireEvent.click(screen.getByRole('button', { name: 'Add to guests' }));
    const [first, second] = screen.getAllByLabelText(/^name /);
    if (first === undefined || second === undefined) throw new Error('Two guests have no two names.');
    fireEvent.input(first, { target: { value: 'Ada' } });
    fireEvent.input(second, { target: { value: 'Grace' } });
    expect(args.value.value).toHaveProperty('guests', [{ name: 'Ada' }, { name: 'Grace' }]);
    fireEvent.click(screen.getByRole('button', { name: 'Remove guests 1' }));
    expect(args.value.value).toHaveProperty('guests', [{ name: 'Grace' }]);
  });

  test('follows what is written as JSON, and keeps the last value while the text is no JSON', async () => {
    const args = show(BOOKING);
    args.write('{ "room": "oak", "contact": { "phone": "7" } }');
    await expect.poll(() => (field('room') as HTMLSelectElement).selectedOptions[0]?.text).toBe('oak');
    expect(field('phone')).toHaveProperty('value', '7');
    args.write('{ "room": ');
    expect(args.textProblem.value).toMatch(/^This is not JSON yet/);
    expect(args.value.value).toEqual({ room: 'oak', contact: { phone: '7' } });
    args.write('{ "room": "birch" }');
    expect(args.textProblem.value).toBeUndefined();
  });

  test('a schema that refers to itself ends somewhere', () => {
    const tree = {
      type: 'object',
      properties: { label: { type: 'string' }, child: { $ref: '#' } },
      required: ['child'],
    };
    const args = show(tree);
    expect(screen.getAllByLabelText(/^label /).length).toBeLessThan(10);
    args.fillWithSample();
    expect(JSON.stringify(args.value.value).length).toBeLessThan(2_000);
  });

  test('a sample fits the schema', () => {
    const args = show(BOOKING);
    args.fillWithSample();
    expect([...problemsOf(args.value.value, BOOKING)]).toEqual([]);
  });

  test('a tool without properties says that it takes nothing', () => {
    show({ type: 'object', properties: {} });
    expect(screen.getByText('This tool takes no arguments.')).toBeTruthy();
  });

  test('hidden characters of the page are written out', () => {
    show({ type: 'object', properties: { a: { type: 'string', description: 'safe\u202Eevil\u200B' } } });
    expect(screen.getByText('safe‹U+202E›evil‹U+200B›')).toBeTruthy();
  });
});

describe('validation', () => {
  test('waits with a message until the field was filled in or somebody wants to run the tool', async () => {
    const args = show(BOOKING);
    expect(screen.queryByText('This is required.')).toBeNull();
    type('seats', '9');
    expect(await screen.findByText('Must be 8 or less.')).toBeTruthy();
    expect(field('seats').getAttribute('aria-invalid')).toBe('true');
    expect(screen.queryByText('This is required.')).toBeNull();
    args.attempted.value = true;
    expect(await screen.findAllByText('This is required.')).toHaveLength(2);
  });

  test('stands beside the field and is read with it', async () => {
    show(BOOKING);
    type('email', 'nobody');
    const message = await screen.findByText('Must be an e-mail address, such as ada@example.com.');
    expect(field('email').getAttribute('aria-describedby')).toContain(message.id);
  });

  test.each([
    ['seats', 'four', '/seats', 'Must be a whole number.'],
    ['seats', '1.5', '/seats', 'Must be a whole number.'],
    ['seats', '0', '/seats', 'Must be 1 or more.'],
    ['site', 'no address', '/site', 'Must be an address, such as https://example.com/.'],
  ])('%s does not take “%s”', (name, text, pointer, message) => {
    const args = show(BOOKING);
    type(name, text);
    expect(args.problems.value.get(pointer)).toBe(message);
  });

  test.each([
    [
      { type: 'object', properties: { a: { $ref: '#/$defs/n' } }, $defs: { n: { minimum: 3 } } },
      { a: 1 },
      '/a',
      'Must be 3 or more.',
    ],
    [
      { type: 'object', properties: { 'a/b c': { type: 'string' } } },
      { 'a/b c': 1 },
      '/a~1b c',
      'Must be text.',
    ],
    [
      { type: 'object', additionalProperties: false },
      { x: 1 },
      '/x',
      'The schema does not know this property.',
    ],
    [
      { type: 'object', properties: { a: { items: { enum: ['x'] } } } },
      { a: ['y'] },
      '/a/0',
      'Must be one of "x".',
    ],
    [
      { type: 'object', properties: { a: { type: 'string', minLength: 1 } } },
      { a: '' },
      '/a',
      'Must not be empty.',
    ],
  ])('%j says of %j at %s: %s', (schema, value, pointer, message) => {
    expect(Object.fromEntries(problemsOf(value, schema))).toEqual({ [pointer]: message });
  });
});

test('the schema as a table names paths, rules and words', () => {
  const rows = schemaRows(BOOKING);
  expect(rows.find((row) => row.path === 'seats')).toEqual({
    path: 'seats',
    type: 'integer',
    required: false,
    rules: ['≥ 1', '≤ 8', 'default 2'],
    description: '',
  });
  expect(rows.map((row) => row.path)).toContain('guests[].name');
  expect(rows.find((row) => row.path === 'contact.phone')?.required).toBe(true);
});
