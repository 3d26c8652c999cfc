import { smokeText } from '../../../../commands/smoke/smokeText';
import type { SmokeReport } from '../../../../commands/smoke/smokeTest';
import type { EvidenceReader } from '../../../../loop/evidenceReader';
import type { Observer } from '../../../../loop/step';
import { steps } from '../../../../loop/steps';

const paint = { ok: String, bad: String, dim: String, bold: String };
const step = (id: string, ok: boolean, evidence: Record<string, unknown> = {}) => ({
  round: 1,
  id,
  title: id,
  ok,
  evidence,
  durationMs: 10,
});
const report = (change: Partial<SmokeReport>): SmokeReport => ({
  startedAt: '2026-11-22T12:00:00.000Z',
  factory: 'plant-one',
  dataset: 'smoke-a1b2',
  durationMs: 30_000,
  rawFile: { from: 'x.csv', sizeBytes: 1 },
  steps: [step('1a', true), step('10', true)],
  quarantined: [],
  cleanedUp: { removed: { 'raw files': 1 }, left: [] },
  ...change,
});
const text = (change: Partial<SmokeReport>, kept = false) => smokeText(report(change), paint, kept).join('\n');

test('a test that ended well says what it took away and nothing of what to do', () => {
  expect(text({})).toMatch(/taken away: 1 raw files\n2 of 2 steps in 30 s, data set smoke-a1b2 of factory plant-one$/);
  expect(text({})).not.toContain('--clean-up');
});

test('whatever may be left is said, with the command that takes it away', () => {
  expect(text({ steps: [step('1a', true), step('3a', false, { missing: 'nothing to see after 60 s' })] })).toContain(
    'step 3a failed: missing nothing to see after 60 s\ntaken away: 1 raw files\nWhat was still under way may leave more; take it away later with --clean-up smoke-a1b2.',
  );
  expect(text({}, true)).toContain('kept: all that smoke-a1b2 made; take it away with --clean-up smoke-a1b2');
  expect(text({ cleanedUp: { removed: {}, left: ['artifacts: 403'] } })).toContain('not taken away: artifacts: 403');
  expect(text({ steps: [step('5a', false, { stage: 'rejected' })] })).toContain('Give a better one with --raw <file>');
});

test('a delivery that waits for a person ends the test at step 8a, with the way to test up to there', async () => {
  const announced = steps.find(({ id }) => id === '8a');
  const delivery = { deliveryId: 'd1', packageId: 'p1', state: 'AwaitingApproval' };
  const reader = { delivery: () => Promise.resolve(delivery), deviceMessages: () => [] } as unknown as EvidenceReader;
  const seen = await announced?.observe({
    reader,
    facts: { model: { tags: { packageId: 'p1', packageVersion: '1' } } },
  } as unknown as Observer);
  expect(seen).toEqual({ ok: false, evidence: { deliveryId: 'd1', missing: 'the delivery waits for the approval of a person' } });
  expect(text({ steps: [step('7', true), step('8a', false, seen?.evidence)] })).toContain(
    'People approve what goes to this factory. If you are one of them, use --approve; to test up to there, --until 7.',
  );
});

test('where the databus cannot be reached the site itself vouches for steps 9 and 10', async () => {
  const message = (state: string) => ({
    deviceId: 'aimm-1',
    enqueuedAt: new Date('2026-11-22T12:00:00.000Z'),
    type: 'state',
    deliveryId: 'd1',
    body: { state },
  });
  const said = [message('Importing')];
  const reader = {
    delivery: () => Promise.resolve({ deliveryId: 'd1', packageId: 'p1', packageVersion: '1', state: 'NewDelivery' }),
    deviceMessages: () => said,
  } as unknown as EvidenceReader;
  const observer = { reader, facts: { model: { tags: { packageId: 'p1', packageVersion: '1' } } } } as unknown as Observer;
  const observe = (id: string) => steps.find((one) => one.id === id)?.observe(observer);
  expect(await observe('9')).toMatchObject({ ok: true, evidence: { device: 'aimm-1', reported: 'Importing' } });
  expect(await observe('10')).toBeUndefined();
  said.push(message('Success'));
  expect(await observe('10')).toMatchObject({ ok: true, evidence: { packageId: 'p1', version: '1', reported: 'Success' } });
});
