import type { ToolChoice } from '../../protocol/definition.ts';
import { bareName } from './tool-id.ts';
import { matchesAny } from './tool-pattern.ts';

/** One requirement of any choice is enough: a request makes an agent's approvals no laxer. */
export function needsApproval(name: string, choices: readonly ToolChoice[]): boolean {
  return choices.some(({ approval }) => {
    if (approval === undefined) return false;
    const { require } = approval;
    return typeof require === 'boolean'
      ? require
      : matchesAny(require, name) || matchesAny(require, bareName(name));
  });
}
