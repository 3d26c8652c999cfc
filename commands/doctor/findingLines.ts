import type { Paint } from '../../command-line/terminal';
import type { Finding } from './finding';

const marks: Readonly<Record<Finding['state'], (paint: Paint) => string>> = {
  ready: ({ ok }) => ok('✓'),
  problem: ({ bad }) => bad('✗'),
  unchecked: ({ bold }) => bold('?'),
  note: ({ dim }) => dim('i'),
};

/** A line per finding with its fix below it, and what it comes to. */
export function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length;
  const [problems, open] = [count('problem'), count('unchecked')];
  return [
    ...findings.flatMap(({ check, state, found, fix }) => [
      `${marks[state](paint)} ${check.padEnd(width)}  ${state === 'unchecked' ? 'not checked: ' : ''}${found}`,
      ...(fix === undefined ? [] : [`  ${' '.repeat(width)}  -> ${fix}`]),
    ]),
    '',
    problems + open === 0
      ? 'Nothing stands in the way.'
      : `${problems} ${problems === 1 ? 'thing stands' : 'things stand'} in the way, ${open} could not be checked.`,
  ];
}
