/** What came of one check. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was found, in one line. */
  readonly found: string;
  /** How to mend it, or what to know. */
  readonly mend?: string;
}

export function ok(name: string, found: string): Check {
  return { name, state: 'ok', found };
}

export function warning(name: string, found: string, mend: string): Check {
  return { name, state: 'warning', found, mend };
}

export function failed(name: string, found: string, mend?: string): Check {
  return { name, state: 'failed', found, ...(mend === undefined ? {} : { mend }) };
}

/** Because of what failed before it. */
export function skipped(name: string, why: string): Check {
  return { name, state: 'skipped', found: why };
}
