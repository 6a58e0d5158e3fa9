import { describe, expect, test } from 'vitest';
import type { StoredApiKey, StoredClientToken } from '../../server/store/credential-store.ts';
import type { StoredDefinition } from '../../server/store/definition-store.ts';
import type { Receipt } from '../../server/store/receipt-store.ts';
import type { StoredSecret } from '../../server/store/secret-store.ts';
import type { Store } from '../../server/store/store.ts';
import { HOSTILE_TEXT } from '../support/store.ts';

/** What every engine must keep of definitions, secrets, credentials and receipts. */
export function definitionsContract(store: () => Store): void {
  describe('definitions', () => {
    test('are found by id and by name, in their workspace and kind alone', async () => {
      const { definitions } = store();
      expect(await definitions.insertDefinition(aDefinition())).toBe(true);
      expect(await definitions.definition('main', 'tool', 'tool_1')).toEqual(aDefinition());
      expect(await definitions.definitionByName('main', 'tool', 'Weather')).toEqual(aDefinition());
      expect(await definitions.definition('other', 'tool', 'tool_1')).toBeUndefined();
      expect(await definitions.definition('main', 'flow', 'tool_1')).toBeUndefined();
      expect(await definitions.definitionByName('other', 'tool', 'Weather')).toBeUndefined();
    });

    test('a name is given once in a workspace, whoever asks at the same time', async () => {
      const { definitions } = store();
      const wins = await Promise.all(
        ['tool_1', 'tool_2', 'tool_3'].map((id) => definitions.insertDefinition(aDefinition({ id }))),
      );
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect(await definitions.insertDefinition(aDefinition({ id: 'tool_9', workspace: 'other' }))).toBe(
        true,
      );
    });

    test('an update writes over the version before it and over no other', async () => {
      const { definitions } = store();
      await definitions.insertDefinition(aDefinition());
      const next = aDefinition({
        version: 2,
        body: { text: HOSTILE_TEXT },
        lastModifiedSource: 'api',
        managedBy: 'ensure',
      });
      const wins = await Promise.all([
        definitions.updateDefinition(next),
        definitions.updateDefinition(next),
      ]);
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect(await definitions.definition('main', 'tool', 'tool_1')).toEqual(next);
      expect(await definitions.updateDefinition(aDefinition({ id: 'tool_404', version: 3 }))).toBe(false);
    });

    test('an update does not take a name that another one has', async () => {
      const { definitions } = store();
      await definitions.insertDefinition(aDefinition());
      await definitions.insertDefinition(aDefinition({ id: 'tool_2', name: 'Other' }));
      expect(await definitions.updateDefinition(aDefinition({ id: 'tool_2', version: 2 }))).toBe(false);
    });

    test('are listed by name, page by page, and gone when they are removed', async () => {
      const { definitions } = store();
      for (const name of ['b', 'c', 'a'])
        await definitions.insertDefinition(aDefinition({ id: `tool_${name}`, name }));
      const names = async (after?: string) =>
        (await definitions.definitions('main', 'tool', { after, limit: 2 })).map(({ name }) => name);
      expect(await names()).toEqual(['a', 'b']);
      expect(await names('b')).toEqual(['c']);
      expect(await definitions.removeDefinition('other', 'tool', 'tool_a')).toBe(false);
      expect(await definitions.removeDefinition('main', 'tool', 'tool_a')).toBe(true);
      expect(await definitions.removeDefinition('main', 'tool', 'tool_a')).toBe(false);
      expect(await names()).toEqual(['b', 'c']);
    });
  });

  describe('secrets', () => {
    test('are kept as they were sealed, one winner a version', async () => {
      const { secrets } = store();
      const first = aSecret();
      const wins = await Promise.all([secrets.saveSecret(first), secrets.saveSecret(first)]);
      expect(wins.filter(Boolean)).toHaveLength(1);
      const second = aSecret({ version: 2, sealed: 'c2Vjb25k' });
      expect(await secrets.saveSecret(second)).toBe(true);
      expect(await secrets.saveSecret(second)).toBe(false);
      expect(await secrets.secret('main', 'WEATHER_KEY')).toEqual(second);
      expect(await secrets.secret('other', 'WEATHER_KEY')).toBeUndefined();
    });

    test('are listed by workspace or all together, and removed', async () => {
      const { secrets } = store();
      await secrets.saveSecret(aSecret());
      await secrets.saveSecret(aSecret({ workspace: 'other' }));
      expect(await secrets.secrets('main')).toEqual([aSecret()]);
      expect(await secrets.secrets()).toHaveLength(2);
      expect(await secrets.removeSecret('main', 'WEATHER_KEY')).toBe(true);
      expect(await secrets.removeSecret('main', 'WEATHER_KEY')).toBe(false);
    });
  });

  test('client tokens and API keys are kept, changed and listed', async () => {
    const { credentials } = store();
    const token: StoredClientToken = {
      id: 'ctr_1',
      hash: 'hash-1',
      label: 'ct_test_ab…',
      workspace: 'main',
      surfaceId: 'store',
      environment: 'test',
      allowedOrigins: ['https://store.example.com'],
      isActive: true,
      createdAtMs: 1_800_000_000_000,
    };
    await credentials.saveClientToken(token);
    await credentials.saveClientToken({ ...token, isActive: false });
    expect(await credentials.clientTokens()).toEqual([{ ...token, isActive: false }]);
    const change = { hash: 'other', label: 'ct_live_xy…' };
    expect(await credentials.changeClientToken(token.workspace, token.id, change)).toEqual({
      ...token,
      ...change,
      isActive: false,
    });
    expect(await credentials.changeClientToken('elsewhere', token.id, { isActive: true })).toBeUndefined();
    expect(await credentials.changeClientToken(token.workspace, token.id, {})).toMatchObject(change);
    expect(
      await credentials.changeClientToken(token.workspace, token.id, { isActive: true, allowedOrigins: [] }),
    ).toEqual({ ...token, ...change, allowedOrigins: [] });
    expect(await credentials.removeClientToken('elsewhere', token.id)).toBe(false);
    expect(await credentials.removeClientToken(token.workspace, token.id)).toBe(true);
    expect(await credentials.clientTokens()).toEqual([]);
    const key: StoredApiKey = {
      id: 'key_1',
      hash: 'hash-2',
      label: 'sk_test_ab…',
      name: 'CI',
      workspace: 'main',
      scopes: ['TOOLS:*'],
      createdAtMs: 1_800_000_000_000,
      expiresAtMs: null,
      isActive: true,
    };
    await credentials.saveApiKey(key);
    await credentials.saveApiKey({ ...key, expiresAtMs: 1_900_000_000_000 });
    expect(await credentials.apiKeys()).toEqual([{ ...key, expiresAtMs: 1_900_000_000_000 }]);
    expect(await credentials.revokeApiKey('elsewhere', key.id)).toBeUndefined();
    const revoked = { ...key, expiresAtMs: 1_900_000_000_000, isActive: false };
    expect(await credentials.revokeApiKey(key.workspace, key.id)).toEqual(revoked);
    expect(await credentials.apiKeys()).toEqual([revoked]);
  });

  test('old receipts go, in batches of each workspace', async () => {
    const { receipts } = store();
    const ofTimes = (workspace: string) =>
      [1, 2, 3, 4].map((time) =>
        aReceipt({ id: `rcpt_old_${workspace}_${time}`, workspace, startedAtMs: time }),
      );
    await receipts.addReceipts([...ofTimes('one'), ...ofTimes('two')]);
    expect(await receipts.removeReceipts(4, 2)).toBe(true);
    expect(await receipts.removeReceipts(4, 2)).toBe(false);
    for (const workspace of ['one', 'two']) {
      const left = await receipts.receipts({ workspace, limit: 10 });
      expect(left.map(({ startedAtMs }) => startedAtMs)).toEqual([4]);
    }
  });

  test('receipts are read in the order of time, by workspace, execution, tool and span, each once', async () => {
    const { receipts } = store();
    const all = [1, 2, 3].map((number) => aReceipt({ id: `rcpt_${number}`, startedAtMs: 1_000 * number }));
    await receipts.addReceipts([...all, aReceipt({ id: 'rcpt_x', workspace: 'other' })]);
    await receipts.addReceipts(all);
    const found = (query: Partial<Parameters<typeof receipts.receipts>[0]>) =>
      receipts.receipts({ workspace: 'main', limit: 10, ...query });
    expect(await found({})).toEqual(all);
    expect(await found({ after: { startedAtMs: 1_000, id: 'rcpt_1' }, limit: 1 })).toEqual([all[1]]);
    expect(await found({ fromMs: 2_000, untilMs: 3_000 })).toEqual([all[1]]);
    expect(await found({ executionId: 'exec_2' })).toEqual([]);
    expect(await found({ tool: 'weather' })).toEqual(all);
  });
}

function aDefinition(changes: Partial<StoredDefinition> = {}): StoredDefinition {
  return {
    id: 'tool_1',
    workspace: 'main',
    kind: 'tool',
    name: 'Weather',
    body: { name: 'Weather', toolType: 'local', config: {} },
    lastModifiedSource: 'ensure',
    version: 1,
    createdAtMs: 1_800_000_000_000,
    updatedAtMs: 1_800_000_000_001,
    ...changes,
  };
}

function aSecret(changes: Partial<StoredSecret> = {}): StoredSecret {
  return {
    workspace: 'main',
    name: 'WEATHER_KEY',
    keyId: 'k1',
    sealed: 'Zmlyc3Q=',
    version: 1,
    createdAtMs: 1_800_000_000_000,
    updatedAtMs: 1_800_000_000_001,
    ...changes,
  };
}

function aReceipt(changes: Partial<Receipt> = {}): Receipt {
  return {
    id: 'rcpt_1',
    workspace: 'main',
    surfaceId: 'store',
    executionId: 'exec_1',
    conversationId: 'conv_1',
    toolCallId: 'call_1',
    parentToolCallId: null,
    tool: 'weather',
    toolType: 'external',
    pageOrigin: null,
    parameters: { city: HOSTILE_TEXT },
    outcome: 'success',
    result: 'rain',
    approvedBy: 'policy',
    startedAtMs: 1_000,
    durationMs: 12,
    ...changes,
  };
}
