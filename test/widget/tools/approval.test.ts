import { describe, expect, test } from 'vitest';
import { type ApprovalRules, type ApprovalVerdict, approvalFor } from '../../../widget/tools/approval.ts';
import type { PageTool } from '../../../widget/tools/page-tools.ts';

const ASK: ApprovalVerdict = { ask: true, canRemember: true };
const ASK_ALWAYS: ApprovalVerdict = { ask: true, canRemember: false };
const BY_SITE: ApprovalVerdict = { ask: false, approvedBy: 'site_rule' };
const BY_VISITOR: ApprovalVerdict = { ask: false, approvedBy: 'visitor_always' };

const READS = { readOnlyHint: true };

function aTool(annotations: PageTool['annotations'] = {}, name = 'search_products'): PageTool {
  return {
    name,
    title: '',
    description: '',
    parametersSchema: undefined,
    annotations,
    pageOrigin: 'https://shop.example',
    fingerprint: 'f1',
  };
}

function rules(changes: Partial<ApprovalRules> = {}): ApprovalRules {
  return { requireConfirmFor: [], autoApprove: [], remembered: new Set(), ...changes };
}

describe('approval', () => {
  test.each<[string, PageTool, Partial<ApprovalRules>, ApprovalVerdict]>([
    ['asks by default', aTool(), {}, ASK],
    ['asks although the page says that it only reads', aTool(READS), {}, ASK],
    ['skips a named tool that only reads', aTool(READS), { autoApprove: ['search_products'] }, BY_SITE],
    ['skips by a prefix', aTool(READS), { autoApprove: ['search_*'] }, BY_SITE],
    ['skips everything that only reads', aTool(READS), { autoApprove: ['*'] }, BY_SITE],
    ['asks for a named tool that does not say it only reads', aTool(), { autoApprove: ['search_*'] }, ASK],
    ['asks for one that another pattern names', aTool(READS), { autoApprove: ['cart_*', 'search'] }, ASK],
    [
      'takes other signs in a pattern literally',
      aTool(READS, 'search.a'),
      { autoApprove: ['s?arch.*', 'search[.]a'] },
      ASK,
    ],
    ['reads a star in the middle literally', aTool(READS), { autoApprove: ['*_products', 's*s'] }, ASK],
    ['skips what the visitor allowed', aTool(), { remembered: new Set(['f1']) }, BY_VISITOR],
    ['asks again for another fingerprint', aTool(), { remembered: new Set(['f2']) }, ASK],
    [
      'asks whatever the visitor allowed when the site says so',
      aTool(READS),
      { requireConfirmFor: ['search_*'], remembered: new Set(['f1']), autoApprove: ['*'] },
      ASK_ALWAYS,
    ],
    [
      'asks for what is consequential, whatever the rules',
      aTool({ ...READS, consequentialHint: true }),
      { remembered: new Set(['f1']), autoApprove: ['*'] },
      ASK_ALWAYS,
    ],
  ])('%s', (_, tool, changes, verdict) => {
    expect(approvalFor(tool, rules(changes))).toEqual(verdict);
  });
});
