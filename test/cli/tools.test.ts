import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PagehandClient } from '../../server/sdk/index.ts';
import { aClient, carrierTo, WHOLE_CONFIG } from '../sdk/a-client.ts';
import { API_KEY, aServer, type TestServer } from '../support/server.ts';
import { aTerminal, type TestTerminal } from './a-terminal.ts';

let server: TestServer;
let terminal: TestTerminal;
let client: PagehandClient;

beforeEach(async () => {
  server = await aServer({ config: WHOLE_CONFIG });
  client = aClient(server);
  terminal = aTerminal({
    env: { PAGEHAND_API_KEY: API_KEY, PAGEHAND_URL: 'http://pagehand.test' },
    fetch: carrierTo(server),
  });
});
afterEach(async () => {
  terminal.remove();
  await server.close();
});

const weatherModule = (description: string, url = 'https://api.example.com/weather?q={{city}}') => `
  import { defineTool } from '@pagehand/server/sdk';
  export const weatherLookup = defineTool({
    name: 'Weather Lookup',
    description: ${JSON.stringify(description)},
    toolType: 'external',
    parametersSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    config: { url: ${JSON.stringify(url)}, method: 'GET' },
  });
  export const notATool = { some: 'thing' };
`;
const TAX = {
  name: 'Tax',
  description: 'Adds a tax.',
  toolType: 'custom',
  parametersSchema: { type: 'object', properties: { amount: { type: 'number' } } },
  config: { code: 'const rate = 0.25;\nreturn amount * (1 + rate);\n' },
};

/** A module, a JSON file with two definitions in a folder below, and what is no definition. */
function keep(description = 'Fetches the weather.') {
  terminal.write('tools/weather.ts', weatherModule(description));
  terminal.write('tools/money/tax.json', JSON.stringify([TAX, { ...TAX, name: 'Toll' }], null, 2));
  terminal.write('tools/weather.test.ts', 'throw new Error("A test is no definition.");');
  terminal.write('tools/node_modules/x/index.js', 'throw new Error("Neither is a package.");');
}

async function edit(name: string, description: string) {
  const { toolId } = await client.tools.pull(name);
  await client.tools.update(toolId, { description });
}

describe('plan', () => {
  test('shows what would be made, line by line, and ends with 1 [R3-11, R3-13]', async () => {
    keep();
    const { exit, out } = await terminal.run('tools', 'plan');
    expect(exit).toBe(1);
    expect(out).toContain('+ Weather Lookup  create  tools/weather.ts');
    expect(out).toContain('+ Tax  create  tools/money/tax.json');
    expect(out).toContain('+ "https://api.example.com/weather?q={{city}}"');
    expect(out).toContain('+ return amount * (1 + rate);');
    expect(out).toContain('3 to create, 0 to update, 0 unchanged.');
    expect((await client.tools.list()).data).toEqual([]);
  });

  test('ends with 0 once the server has what the folder says [R3-00]', async () => {
    keep();
    await terminal.run('tools', 'ensure');
    const { exit, out } = await terminal.run('tools', 'plan');
    expect(exit).toBe(0);
    expect(out).toContain('= Weather Lookup  unchanged');
    expect(out).toContain('0 to create, 0 to update, 3 unchanged.');
  });

  test('shows of a change the lines that differ and those around them [R3-12]', async () => {
    keep();
    await terminal.run('tools', 'ensure');
    keep('Fetches the weather of a city.');
    terminal.write(
      'tools/money/tax.json',
      JSON.stringify([{ ...TAX, config: { code: 'const rate = 0.19;\nreturn amount * (1 + rate);\n' } }]),
    );
    const { exit, out } = await terminal.run('tools', 'plan');
    expect(exit).toBe(1);
    expect(out).toContain(
      [
        '~ Weather Lookup  update  tools/weather.ts',
        '    description',
        '      - "Fetches the weather."',
        '      + "Fetches the weather of a city."',
      ].join('\n'),
    );
    expect(out).toContain(
      [
        '    config.code',
        '      - const rate = 0.25;',
        '      + const rate = 0.19;',
        '        return amount * (1 + rate);',
      ].join('\n'),
    );
    expect(out).not.toContain('config.url');
  });

  test('tells of an edit that came from elsewhere, with both ways out [R3-15]', async () => {
    keep();
    await terminal.run('tools', 'ensure');
    await edit('Tax', 'Edited by hand.');
    const { exit, out } = await terminal.run('tools', 'plan');
    expect(exit).toBe(1);
    expect(out).toContain('- "Edited by hand."');
    expect(out).toContain('conflict');
    expect(out).toContain('pagehand tools ensure --on-conflict overwrite');
    expect(out).toContain('pagehand tools pull "Tax"');
  });

  test('prints JSON for programs', async () => {
    keep();
    const { exit, out } = await terminal.run('tools', 'plan', '--json');
    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      tools: [
        { name: 'Tax', file: 'tools/money/tax.json', changes: 'create', remoteHash: null },
        { name: 'Toll', changes: 'create' },
        { name: 'Weather Lookup', changes: 'create' },
      ],
    });
  });

  test('colours for people who see it', async () => {
    keep();
    const seen = aTerminal({
      cwd: terminal.cwd,
      hasColours: true,
      env: { PAGEHAND_API_KEY: API_KEY, PAGEHAND_URL: 'http://pagehand.test' },
      fetch: carrierTo(server),
    });
    expect((await seen.run('tools', 'plan')).out).toContain('\u001b[32m+ Tax  create');
    expect((await terminal.run('tools', 'plan')).out).not.toContain('\u001b');
    seen.remove();
  });

  test.each([
    ['there is no folder', () => undefined, 2, 'There is no folder "tools" here'],
    [
      'a definition is not whole',
      () => terminal.write('tools/a.json', '{ "name": "A", "toolType": "external", "config": {} }'),
      1,
      'tools/a.json: "A": config.url',
    ],
    [
      'a file is no JSON',
      () => terminal.write('tools/a.json', '{ name: A }'),
      1,
      'tools/a.json: this is not JSON',
    ],
    [
      'a module throws',
      () => terminal.write('tools/a.ts', 'throw new Error("No.");'),
      1,
      'tools/a.ts: the file could not be run: No.',
    ],
    [
      'a name is there twice',
      () => {
        terminal.write('tools/a.json', JSON.stringify(TAX));
        terminal.write('tools/b.json', JSON.stringify(TAX));
      },
      1,
      '"Tax" is defined twice, in tools/a.json and in tools/b.json',
    ],
  ])('sends nothing where %s', async (_, prepare, code, sentence) => {
    prepare();
    const { exit, notes } = await terminal.run('tools', 'plan');
    expect(exit).toBe(code);
    expect(notes).toContain(sentence);
  });

  test('says all that is wrong in a folder at once', async () => {
    terminal.write('tools/a.json', '{ name: A }');
    terminal.write('tools/b.ts', 'export const = 1;');
    terminal.write('tools/c.json', JSON.stringify([TAX, { ...TAX, config: {} }]));
    terminal.write(
      'tools/d.ts',
      weatherModule('W.')
        .replace(/url: .*, method/, 'method')
        .replace('"W."', '5'),
    );
    const { exit, notes } = await terminal.run('tools', 'plan');
    expect(exit).toBe(1);
    for (const problem of [
      'tools/a.json',
      'tools/b.ts',
      'tools/c.json: "Tax": config.code',
      'config.url',
      'description',
    ])
      expect(notes).toContain(problem);
    expect(notes).not.toContain('--dir');
  });

  test('shows of a warning how to mend it', async () => {
    terminal.write('tools/a.json', JSON.stringify({ ...TAX, config: { code: 'amount * 2' } }));
    const { out } = await terminal.run('tools', 'plan');
    expect(out).toContain('The code returns nothing, so every call gives null.\n      End it with');
  });
});

describe('ensure', () => {
  test('converges the folder, and a second time changes nothing [R3-06]', async () => {
    keep();
    const first = await terminal.run('tools', 'ensure');
    expect(first.exit).toBe(0);
    expect(first.out).toContain('3 created, 0 updated, 0 unchanged.');
    const tools = (await client.tools.list()).data;
    expect(tools.map(({ name, managedBy }) => [name, managedBy])).toEqual([
      ['Tax', 'ensure'],
      ['Toll', 'ensure'],
      ['Weather Lookup', 'ensure'],
    ]);
    const second = await terminal.run('tools', 'ensure', '--json');
    expect(second.exit).toBe(0);
    expect(JSON.parse(second.out).tools.map(({ result }: { result: string }) => result)).toEqual([
      'unchanged',
      'unchanged',
      'unchanged',
    ]);
    expect((await client.tools.list()).data).toEqual(tools);
  });

  test('leaves edits that came from elsewhere, writes the rest, and ends with 1 [R3-15]', async () => {
    keep();
    await terminal.run('tools', 'ensure');
    await edit('Tax', 'Edited by hand.');
    keep('Other words.');
    const { exit, out } = await terminal.run('tools', 'ensure');
    expect(exit).toBe(1);
    expect(out).toContain('0 created, 1 updated, 1 unchanged, 1 not written.');
    expect((await client.tools.pull('Tax')).definition.description).toBe('Edited by hand.');
    expect((await client.tools.pull('Weather Lookup')).definition.description).toBe('Other words.');
  });

  test('writes over them where it is told to [R3-17]', async () => {
    keep();
    await terminal.run('tools', 'ensure');
    await edit('Tax', 'Edited by hand.');
    const { exit, out } = await terminal.run('tools', 'ensure', '--on-conflict', 'overwrite');
    expect(exit).toBe(0);
    expect(out).toContain('overwritten The tool "Tax" was edited by the API');
    expect(out).not.toContain('The repository wins');
    expect((await client.tools.pull('Tax')).definition.description).toBe(TAX.description);
  });

  test('writes nothing that was not shown: what changes in between stops it [R3-14]', async () => {
    keep();
    await terminal.run('tools', 'ensure');
    keep('Other words.');
    const carry = carrierTo(server);
    const hasty = aTerminal({
      cwd: terminal.cwd,
      env: { PAGEHAND_API_KEY: API_KEY, PAGEHAND_URL: 'http://pagehand.test' },
      fetch: async (url, init) => {
        const body = String(init.body);
        const isApply = body.includes('expectedRemoteHash') && body.includes('Weather Lookup');
        if (isApply) await edit('Weather Lookup', 'Faster.');
        return await carry(url, init);
      },
    });
    const { exit, notes } = await hasty.run('tools', 'ensure', '--on-conflict', 'overwrite');
    expect(exit).toBe(1);
    expect(notes).toContain('failed');
    expect((await client.tools.pull('Weather Lookup')).definition.description).toBe('Faster.');
    hasty.remove();
  });

  test('says of every definition that the server refuses in which file it is, once, and writes none', async () => {
    const broken = { ...TAX, config: { code: 'return (;' } };
    terminal.write('tools/a.json', JSON.stringify([broken, { ...broken, name: 'Toll' }]));
    terminal.write('tools/b.json', JSON.stringify({ ...TAX, name: 'Whole' }));
    const { exit, notes } = await terminal.run('tools', 'ensure');
    expect(exit).toBe(1);
    for (const name of ['Tax', 'Toll'])
      expect(notes.split(`tools/a.json: "${name}": config.code, line 1`)).toHaveLength(2);
    expect((await client.tools.list()).data).toEqual([]);
  });
});

describe('pull', () => {
  const jsonOf = (file: string) => JSON.parse(readFileSync(join(terminal.cwd, file), 'utf8'));

  test('writes a JSON definition over, so that git shows the edit, and nothing is left to plan [R3-18]', async () => {
    keep();
    await terminal.run('tools', 'ensure');
    await edit('Tax', 'Edited by hand.');
    const { exit, out } = await terminal.run('tools', 'pull', 'Tax');
    expect(exit).toBe(0);
    expect(out).toContain('+ "Edited by hand."');
    expect(jsonOf('tools/money/tax.json')).toEqual([
      { ...TAX, description: 'Edited by hand.' },
      { ...TAX, name: 'Toll' },
    ]);
    expect((await terminal.run('tools', 'plan')).exit).toBe(0);
  });

  test('leaves keys where the file has them, so that only what changed is a change', async () => {
    const { name, toolType, config, parametersSchema, description } = TAX;
    const kept = { toolType, name, parametersSchema, description, config };
    terminal.write('tools/tax.json', `${JSON.stringify(kept, null, 2)}\n`);
    await terminal.run('tools', 'ensure');
    await edit('Tax', 'Edited by hand.');
    await terminal.run('tools', 'pull');
    const after = readFileSync(join(terminal.cwd, 'tools/tax.json'), 'utf8');
    expect(after).toBe(`${JSON.stringify({ ...kept, description: 'Edited by hand.' }, null, 2)}\n`);
  });

  test('shows what changed in a module, which people mend by hand, and ends with 1', async () => {
    keep();
    await terminal.run('tools', 'ensure');
    await edit('Weather Lookup', 'Edited by hand.');
    const before = readFileSync(join(terminal.cwd, 'tools/weather.ts'), 'utf8');
    const { exit, out } = await terminal.run('tools', 'pull');
    expect(exit).toBe(1);
    expect(out).toContain('! Weather Lookup  differs, and is code');
    expect(out).toContain('- "Fetches the weather."');
    expect(out).toContain('+ "Edited by hand."');
    expect(out).toContain('= Tax  unchanged');
    expect(readFileSync(join(terminal.cwd, 'tools/weather.ts'), 'utf8')).toBe(before);
  });

  test('brings a tool that the folder does not have yet [R3-24]', async () => {
    await client.tools.ensure({ ...TAX, toolType: 'custom', name: 'VAT & more' });
    const { exit, out } = await terminal.run('tools', 'pull', 'VAT & more');
    expect(exit).toBe(0);
    expect(out).toContain('tools/vat-more.json');
    expect(jsonOf('tools/vat-more.json')).toEqual({ ...TAX, name: 'VAT & more' });
    expect((await terminal.run('tools', 'plan')).exit).toBe(0);
  });

  test('of a tool that nobody has is an error', async () => {
    const { exit, notes } = await terminal.run('tools', 'pull', 'Nothing');
    expect(exit).toBe(1);
    expect(notes).toContain('Nothing');
  });
});
