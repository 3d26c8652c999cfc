import type { FeatureDefinition } from '../../../../contracts/features/featureDefinition';
import { retrainDecision } from '../../../../pipeline-code/data-pipeline/retrainRule';

const features: FeatureDefinition = {
  schemaVersion: '1',
  windowSeconds: 30,
  strideSeconds: 10,
  minSamples: 15,
  sensors: [{ name: 'flow', aggregates: ['mean', 'std'] }],
};
const source = (origin: 'raw' | 'landing-zone', sha256: string, windows: number) => ({
  origin,
  name: sha256,
  etag: '',
  sha256,
  sizeBytes: 1,
  rows: 1,
  windows,
  firstTime: '',
  lastTime: '',
});
const last = {
  createdAt: '2026-05-01T00:00:00.000Z',
  features,
  settings: { windowSeconds: 30 },
  sources: [source('raw', 'b', 80), source('raw', 'a', 80), source('landing-zone', 'x', 40)],
};
const next = { definition: features, settings: { windowSeconds: 30 }, rawSha256: ['a', 'b'], recycledWindows: 40 };
const limits = { minNewWindows: 50, minIntervalSeconds: 3_600 };
const later = new Date('2026-05-01T01:00:00.000Z');

it('a first data version, other raw files, other features and other settings are always due', () => {
  expect(retrainDecision(undefined, next, limits, later).due).toBe(true);
  const soon = new Date('2026-05-01T00:00:01.000Z');
  for (const other of [
    { rawSha256: ['a', 'b', 'c'] },
    { rawSha256: ['a'] },
    { definition: { ...features, minSamples: 16 } },
    { settings: { windowSeconds: 60 } },
  ])
    expect(retrainDecision(last, { ...next, ...other }, limits, soon).due).toBe(true);
});

it('recycled data is due only with enough new windows and after the interval', () => {
  expect(retrainDecision(last, { ...next, recycledWindows: 90 }, limits, later)).toEqual({ due: true });
  expect(retrainDecision(last, { ...next, recycledWindows: 89 }, limits, later)).toMatchObject({
    due: false,
    newWindows: 49,
    reason: 'expected at least 50 new windows, there are 49',
  });
  expect(retrainDecision(last, { ...next, recycledWindows: 90 }, limits, new Date(later.getTime() - 1))).toMatchObject({
    due: false,
    sinceSeconds: 3_599,
  });
});
