import { ago, releasesText } from '../../../../commands/release/releaseText';
import { record } from '../../support/exampleDeliveryRecord';

const paint = { ok: (text: string) => text, bad: (text: string) => text, dim: (text: string) => text, bold: (text: string) => text };
const now = new Date('2026-11-24T12:00:00.000Z');

test('what waits is shown with the figures of the gate, within 80 columns', () => {
  const gateFigures = 'falseAlarmRate=0.0431 faultDetection=0.9912 labelAuc=0.9102 heldOutWindows=1404 evaluatedWindows=310';
  const lines = releasesText([{ ...record, state: 'AwaitingApproval', gateFigures }], now, paint, false);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.join('\n')).toBe(
    [
      '0b7e6b0e-7a43-5d3c-9a53-1f2e3d4c5b6a  AwaitingApproval, 2 days ago',
      '  package  Pump Watch 12, 0.0 MB, for device aimm-plant-1',
      '  model    anomaly 12, data version 0123456789abcdef',
      '  gate     falseAlarmRate 0.0431, faultDetection 0.9912, labelAuc 0.9102,',
      '           heldOutWindows 1404, evaluatedWindows 310',
    ].join('\n'),
  );
});

test('a decision is shown with who and why', () => {
  const decision = { by: 'ada@example.com', at: '2026-11-24T11:00:00.000Z', approved: false, reason: 'not now' };
  expect(releasesText([{ ...record, state: 'Rejected', decision }], now, paint, true).at(-1)).toBe(
    '  rejected by ada@example.com, 60 min ago: not now',
  );
});

test('an empty list says which one', () => {
  expect([releasesText([], now, paint, false), releasesText([], now, paint, true)]).toEqual([
    ['nothing waits for approval'],
    ['there are no deliveries'],
  ]);
});

test.each([
  ['2026-11-24T12:00:30.000Z', '0 min ago'],
  ['2026-11-24T10:00:00.000Z', '2 h ago'],
  ['2026-11-21T11:00:00.000Z', '3 days ago'],
])('%s was %s', (from, text) => {
  expect(ago(from, now)).toBe(text);
});
