import type { StepResult } from './report';
import type { Paint } from '../command-line/terminal';
import { duration } from '../command-line/duration';
import { wrap } from '../command-line/wrapText';

const shortValue = (value: unknown): string => {
  if (typeof value === 'string' && /^(sha256:)?[0-9a-f]{40,}$/.test(value))
    return `${value.slice(0, value.startsWith('sha256:') ? 19 : 12)}…`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};
export const evidenceLine = (evidence: Record<string, unknown>) =>
  Object.entries(evidence)
    .map(([key, value]) => `${key} ${shortValue(value)}`)
    .join(', ');

/** The closing table, never wider than `width` columns. */
export function stepTable(steps: readonly StepResult[], paint: Paint, width = 80): string {
  const titleWidth = 22;
  const evidenceWidth = width - 5 - titleWidth - 8;
  const rows = steps.flatMap((step) => {
    const evidence = wrap(evidenceLine(step.evidence), evidenceWidth);
    const titles = wrap(step.title, titleWidth - 1);
    return Array.from({ length: Math.max(evidence.length, titles.length) }, (_, line) => {
      const id = line === 0 ? (step.ok ? paint.ok(step.id.padEnd(5)) : paint.bad(step.id.padEnd(5))) : '     ';
      const time = line === 0 ? duration(step.durationMs).padStart(8) : '';
      return `${id}${(titles[line] ?? '').padEnd(titleWidth)}${paint.dim((evidence[line] ?? '').padEnd(evidenceWidth))}${time}`.trimEnd();
    });
  });
  return [
    paint.bold(`${'step'.padEnd(5)}${''.padEnd(titleWidth)}${'evidence'.padEnd(evidenceWidth)}${'duration'.padStart(8)}`),
    ...rows,
  ].join('\n');
}
