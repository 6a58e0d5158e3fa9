import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reviewTemplates } from '../../server/tools/review-template.ts';
import {
  lookupIn,
  lookupWithoutSecrets,
  placeholdersIn,
  renderJson,
  renderText,
} from '../../server/tools/template.ts';
import { renderBody, renderHeaders, renderUrl } from '../../server/tools/template-http.ts';
import { ToolError } from '../../server/tools/tool-error.ts';
import type { Variables } from '../../server/tools/variables.ts';

const variables: Variables = {
  secret: (key) => (Object.hasOwn(SECRETS, key) ? SECRETS[key] : undefined),
  managedSecret: async (name) => {
    if (name === 'STRIPE_KEY') return 'managed-canary';
    throw new ToolError('unresolved_variable', `There is no secret ${name}.`);
  },
  record: { type: 'order', id: 7, tags: ['a', 'b'], nothing: null },
  flow: { id: 'flow_1' },
  user: { id: 'u/1' },
  scrub: (value) => value,
};
const SECRETS: Readonly<Record<string, string>> = { weather_key: 'dispatch-canary', broken: 'one\ntwo' };

const given = (parameters: Readonly<Record<string, unknown>>) => lookupIn(parameters, variables);

async function refused(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ToolError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'not refused';
}

describe('placeholders', () => {
  test('stand for parameters, parts of them, secrets of both kinds, and what the execution has beside them', async () => {
    const template =
      '{{city}} {{ place.lines.1 }} {{secrets.weather_key}} {{secret:STRIPE_KEY}} {{_record.type}}/{{_record.tags.0}} {{_flow.id}} {{_user.id}}';
    const lookup = given({ city: 'Tokyo', place: { lines: ['x', 'y'] } });
    expect(await renderText(template, lookup)).toBe(
      'Tokyo y dispatch-canary managed-canary order/a flow_1 u/1',
    );
  });

  test('that stand for nothing fail the call and name themselves', async () => {
    for (const template of [
      '{{town}}',
      '{{city.name}}',
      '{{list.2}}',
      '{{list.length}}',
      '{{_record.gone}}',
      '{{_flow.name}}',
    ]) {
      const said = await refused(renderText(template, given({ city: 'Tokyo', list: [1] })));
      expect(said).toMatch(/^unresolved_variable: /);
      expect(said).toContain(template);
    }
    expect(await refused(renderText('{{secrets.gone}}', given({})))).toMatch(/^secrets_required: .*"gone"/);
    expect(await refused(renderText('{{secret:GONE}}', given({})))).toMatch(/^unresolved_variable: /);
  });

  test('cannot be taken over by a parameter of a reserved name', async () => {
    const parameters = {
      secrets: { weather_key: 'mine' },
      _user: { id: 'mine' },
      secret: 'mine',
      _flow: { id: 'mine' },
    };
    expect(await renderText('{{secrets.weather_key}} {{_user.id}} {{_flow.id}}', given(parameters))).toBe(
      'dispatch-canary u/1 flow_1',
    );
  });

  test('never reach what an object inherits', async () => {
    const own = JSON.parse('{"__proto__": {"x": 1}, "a": {"toString": "mine"}}') as Record<string, unknown>;
    expect(await refused(renderText('{{__proto__.x}}', given(own)))).toMatch(/^unresolved_variable/);
    expect(await refused(renderText('{{a.constructor}}', given(own)))).toMatch(/^unresolved_variable/);
    expect(await refused(renderText('{{toString}}', given(own)))).toMatch(/^unresolved_variable/);
    expect(await refused(renderText('{{_record.hasOwnProperty}}', given({})))).toMatch(
      /^unresolved_variable/,
    );
    expect(await renderText('{{a.toString}}', given(own))).toBe('mine');
  });

  test('in a value stay what they are: one pass, whatever the model writes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom('{{secrets.weather_key}}', '{{secret:STRIPE_KEY}}', '{{', '}}', '{{b}}'),
          ),
        ),
        async (parts) => {
          const value = parts.join('');
          const lookup = given({ a: value, b: 'B' });
          expect(await renderText('<{{a}}|{{b}}>', lookup)).toBe(`<${value}|B>`);
          expect(await renderJson({ x: '{{a}}', y: ['{{b}}{{a}}'] }, lookup)).toEqual({
            x: value,
            y: [`B${value}`],
          });
          expect(
            JSON.parse(await renderBody('{"x": "{{a}}", "y": {{a}}}', 'application/json', lookup)),
          ).toEqual({
            x: value,
            y: value,
          });
        },
      ),
    );
  });

  test('of a definition are found wherever they stand, and not in its keys', () => {
    const config = {
      url: 'https://a.example/{{id}}',
      headers: { '{{no}}': 'Bearer {{secrets.k}}' },
      body: [{ x: '{{secret:K}}' }],
    };
    expect(placeholdersIn(config)).toMatchObject([
      { root: 'parameter', path: ['id'] },
      { root: 'secrets', key: 'k' },
      { root: 'secret', name: 'K' },
    ]);
  });

  test('of secrets have no place in what a model reads', async () => {
    const lookup = lookupWithoutSecrets({ city: 'Tokyo' }, variables);
    expect(await renderText('{{city}}', lookup)).toBe('Tokyo');
    expect(await refused(renderText('{{secrets.weather_key}}', lookup))).toContain('is a secret');
    expect(await refused(renderText('{{secret:STRIPE_KEY}}', lookup))).toContain('is a secret');
  });
});

describe('a JSON body', () => {
  test('keeps the type of a value that is a whole text, and never changes a key', async () => {
    const parameters = { n: 3, yes: true, list: [1, { a: 'b' }], none: null, s: '"' };
    const tree = {
      n: '{{n}}',
      yes: '{{yes}}',
      list: '{{list}}',
      none: '{{none}}',
      mixed: 'n={{n}} {{list}}',
      '{{n}}': 1,
      fixed: 5,
    };
    expect(await renderJson(tree, given(parameters))).toEqual({
      n: 3,
      yes: true,
      list: [1, { a: 'b' }],
      none: null,
      mixed: 'n=3 [1,{"a":"b"}]',
      '{{n}}': 1,
      fixed: 5,
    });
  });

  test('that is written as a text stays JSON, within quotes and without', async () => {
    const text = await renderBody(
      '{"a": "\\"{{s}}", "b": {{n}}, "c": {{s}}}',
      undefined,
      given({ s: 'x"}\n', n: 3 }),
    );
    expect(JSON.parse(text)).toEqual({ a: '"x"}\n', b: 3, c: 'x"}\n' });
  });

  test('of a form is encoded as one', async () => {
    const form = 'application/x-www-form-urlencoded';
    expect(await renderBody('a={{a}}&b=2', form, given({ a: 'x&y=z +' }))).toBe('a=x%26y%3Dz%20%2B&b=2');
    expect(await renderBody('Dear {{a}}', 'text/plain', given({ a: '"x"' }))).toBe('Dear "x"');
  });
});

describe('an address', () => {
  const url = (template: string, parameters: Record<string, unknown>) =>
    renderUrl(template, given(parameters));

  test('takes values as parts of its path and of its query, and nothing else', async () => {
    expect(
      await url('https://a.example/u/{{id}}?q={{q}}&n={{n}}', { id: 'a/b?c#d@e', q: 'x&y=1', n: 2 }),
    ).toBe('https://a.example/u/a%2Fb%3Fc%23d%40e?q=x%26y%3D1&n=2');
  });

  test('keeps its origin and its other parts, whatever the values are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'binary' }),
          fc.constantFrom(
            '..',
            '.',
            '../..',
            '%2e%2e',
            '\\..\\',
            '//evil.example',
            '@evil',
            ':80',
            '?',
            '#',
            '\r\n',
          ),
        ),
        async (value) => {
          const rendered = await url('https://a.example:8443/one/{{v}}/two?q={{v}}#f', { v: value }).catch(
            (error: unknown) => {
              expect(error).toBeInstanceOf(ToolError);
              return undefined;
            },
          );
          if (rendered === undefined) return;
          const { origin, pathname, searchParams, username } = new URL(rendered);
          expect([origin, username]).toEqual(['https://a.example:8443', '']);
          const parts = pathname.split('/');
          expect([parts.length, parts[1], parts[3]]).toEqual([4, 'one', 'two']);
          expect(decodeURIComponent(parts[2] ?? '')).toBe(value);
          expect([...searchParams]).toEqual([['q', value]]);
        },
      ),
      { examples: [['..'], ['a/../b'], ['%2e%2e'], ['{{secrets.weather_key}}']] },
    );
  });

  test('has no step up and no empty part', async () => {
    for (const id of ['..', '.', '../..', 'a/../../b', '..\\x', '']) {
      expect(await refused(url('https://a.example/u/{{id}}/x', { id }))).toMatch(/^invalid_arguments: /);
    }
    expect(await refused(url('https://a.example/u/.{{id}}/x', { id: '.' }))).toMatch(/^invalid_arguments: /);
    expect(await refused(url('https://a.example/u/%2e{{id}}', { id: '.' }))).toMatch(/^invalid_arguments: /);
    expect(await url('https://a.example/u?q={{id}}', { id: '' })).toBe('https://a.example/u?q=');
  });

  test('takes no lists, objects, null or half characters, and nothing without end', async () => {
    for (const id of [[1], { a: 1 }, null, '\ud800', 'x'.repeat(20_000)]) {
      expect(await refused(url('https://a.example/{{id}}', { id }))).toMatch(/^invalid_arguments: /);
    }
  });

  test('has no placeholder in scheme, user, host or port', async () => {
    for (const template of [
      '{{s}}://a.example/',
      'https://{{h}}/',
      'https://{{h}}.a.example/x',
      'https://a.example{{h}}/x',
      'https://a.example:{{p}}/',
      'https://{{u}}@a.example/',
      'https://a.example{{h}}',
      'https://u:p@a.example/{{h}}',
      'ftp://a.example/',
      'https:\\\\a.example\\{{h}}',
      '//a.example',
    ]) {
      expect(await refused(url(template, { s: 'https', h: 'evil.example', p: 1, u: 'u' })), template).toMatch(
        /^failed: /,
      );
    }
  });
});

describe('a header', () => {
  test('is one line of Latin-1, its name in lower case, its value as it is', async () => {
    const headers = {
      Authorization: 'Bearer {{secrets.weather_key}}',
      'X-User-Id': '{{_user.id}}',
      'x-n': '{{n}}',
    };
    expect(await renderHeaders(headers, given({ n: 1 }))).toEqual({
      authorization: 'Bearer dispatch-canary',
      'x-user-id': 'u/1',
      'x-n': '1',
    });
    for (const v of ['a\r\nb: c', 'a\nb', 'a\0b', 'Łódź', [1], null]) {
      expect(await refused(renderHeaders({ 'x-v': '{{v}}' }, given({ v })))).toMatch(
        /^invalid_arguments: .*\{\{v\}\}/,
      );
    }
    expect(await refused(renderHeaders({ 'x-v': '{{secrets.broken}}' }, given({})))).not.toContain('two');
  });
});

describe('a definition that is looked at', () => {
  test.each([
    ['{{secrets:API_KEY}}', 'Write {{secret:API_KEY}}.'],
    ['{{secrets:api-key}}', 'Write {{secret:API_KEY}}.'],
    ['{{secret:api_key}}', 'Write {{secret:API_KEY}}.'],
    ['{{secret.API_KEY}}', 'Write {{secret:API_KEY}}.'],
    ['{{secret.api_key}}', 'Write {{secrets.api_key}}.'],
    ['{{secrets}}', 'Write {{secrets.key}}.'],
    ['{{secrets.a.b}}', 'Write {{secrets.a_b}}.'],
    ['{{user:id}}', 'Write {{user.id}}.'],
    ['{{}}', 'Write {{name}}.'],
    ['{{{{x}}}}', 'Write {{name}}.'],
    ['{{x', undefined],
    ['{{#if x}}', undefined],
    ['{{ __proto__ }}', undefined],
    ['{{a.constructor}}', undefined],
  ])('is told that %s is no placeholder, and what to write', (text, suggestion) => {
    const [finding, ...others] = reviewTemplates({ headers: { a: `x ${text}` } }, 'config', undefined);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'error', code: 'bad_placeholder', path: 'config.headers.a' });
    expect(finding?.suggestion).toBe(suggestion);
  });

  test('is told of parameters that are not declared, may be missing, or cannot be reached', () => {
    const schema = {
      type: 'object',
      properties: { city: {}, units: { default: 'metric' }, days: {}, secrets: {} },
      required: ['city'],
    };
    const findings = reviewTemplates('{{city}} {{units}} {{days}} {{cty}}', 'config.url', schema);
    expect(findings.map(({ code, suggestion }) => [code, suggestion])).toEqual([
      ['reserved_parameter', 'Give the parameter another name.'],
      ['optional_parameter', 'Add "days" to parametersSchema.required, or give it a "default".'],
      ['unknown_parameter', 'Write {{city}}.'],
    ]);
  });
});
