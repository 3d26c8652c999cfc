import type { StepResult } from '../../../loop/report';
import { stepTable } from '../../../loop/stepTable';

const plain = { ok: (text: string) => text, bad: (text: string) => text, dim: (text: string) => text, bold: (text: string) => text };
const step = (id: string, evidence: Record<string, unknown>, title = 'model in the catalog'): StepResult => ({
  round: 1,
  id,
  title,
  ok: true,
  evidence,
  durationMs: 61_234,
});

it('keeps every line within 80 columns and loses no word of the evidence', () => {
  const evidence = {
    blob: 'line/0123456789abcdef/windows.parquet',
    sha256: 'ab'.repeat(32),
    because: 'labelAuc 0.514 < 0.7 '.repeat(6).trim(),
    long: 'x'.repeat(200),
  };
  const table = stepTable([step('3b', evidence), step('10', {}, 'a title that is much longer than its column')], plain);
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  const words = table.replaceAll(/\s+/g, '');
  for (const word of ['windows.parquet', 'abababababab…', 'x'.repeat(200), 'thanitscolumn', '61s']) expect(words).toContain(word);
});
