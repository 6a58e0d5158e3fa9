import type { Place } from './fault.ts';
import { SCENARIO_NAMES, type ScenarioName, turnsOf } from './script.ts';

const SIDES = ['before', 'after'] as const;

/** Every named step of every scenario, before and after, as often as the scenario surely comes by it. */
export const PLACES: readonly Place[] = SCENARIO_NAMES.flatMap((scenario) =>
  Object.entries(stepsOf(scenario)).flatMap(([step, times]) =>
    SIDES.flatMap((side) =>
      Array.from({ length: times }, (_, index): Place => ({ step, side, ordinal: index + 1, scenario })),
    ),
  ),
);

function stepsOf(scenario: ScenarioName): Readonly<Record<string, number>> {
  const turns = turnsOf(scenario);
  const calls = turns.map((turn) => turn.calls);
  const pauses = calls.filter((names) => names.some(isPageTool)).length;
  const serverTurns = calls.filter((names) => names.some((name) => !isPageTool(name))).length;
  const serverOnly = calls.filter((names) => names.length > 0 && !names.some(isPageTool)).length;
  const count = (name: string) => calls.flat().filter((one) => one === name).length;
  const texts = turns.length;
  const steps = {
    create: 1,
    append: Math.max(1, Math.floor(turns.reduce((sum, { words }) => sum + words, 0) / 7)),
    model: turns.length,
    'commit(pause)': pauses,
    'commit(turn)': pauses + serverOnly,
    'commit(effect)': serverTurns,
    'commit(result)': serverTurns,
    'commit(end)': 1,
    'act(charge)': count('charge'),
    'act(rate)': count('rate'),
    'frame(execution_start)': 1,
    'frame(turn_start)': texts,
    'frame(text_start)': texts,
    'frame(text_delta)': texts,
    'frame(text_complete)': texts,
    'frame(tool_start)': count('charge') + count('rate'),
    'frame(tool_complete)': count('charge') + count('rate'),
    'frame(await)': count('look') + count('pick'),
    'frame(turn_complete)': 1,
    'frame(execution_complete)': 1,
  };
  return Object.fromEntries(Object.entries(steps).filter(([, times]) => times > 0));
}

function isPageTool(name: string): boolean {
  return name === 'look' || name === 'pick';
}
