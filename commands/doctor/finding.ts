/** What one check came to. A note is worth knowing and stops nothing. */
export interface Finding {
  readonly check: string;
  readonly state: 'ready' | 'problem' | 'unchecked' | 'note';
  readonly found: string;
  /** What to do about it. */
  readonly fix?: string;
}

export const ready = (check: string, found: string): Finding => ({ check, state: 'ready', found });
export const problem = (check: string, found: string, fix: string): Finding => ({ check, state: 'problem', found, fix });
export const unchecked = (check: string, found: string): Finding => ({ check, state: 'unchecked', found });
export const note = (check: string, found: string, fix?: string): Finding => ({
  check,
  state: 'note',
  found,
  ...(fix === undefined ? {} : { fix }),
});

/** 0 only when everything was checked and nothing stands in the way: what reads the exit status must not take "unknown" for "ready". */
export const exitCodeOf = (findings: readonly Finding[]): 0 | 1 =>
  findings.some(({ state }) => state === 'problem' || state === 'unchecked') ? 1 : 0;
