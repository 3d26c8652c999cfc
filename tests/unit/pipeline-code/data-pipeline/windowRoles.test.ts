import fc from 'fast-check';
import { roleSegments, windowFor } from '../../../../pipeline-code/data-pipeline/windowRoles';

const recording = (source: string, seconds: number, labelled = false) => ({
  source,
  firstMs: 1_000_000,
  lastMs: 1_000_000 + seconds * 1000,
  labelled,
});

describe('roles of windows', () => {
  test('with labels the first 40 % are divided 60 : 20 : 20, the rest judges', () => {
    const segments = roleSegments([recording('a', 1000, true)], 'auto', 30_000, 10_000);
    expect(
      segments.map(({ role, fromMs, toMs }) => [role, Math.round((fromMs - 1_000_000) / 1000), Math.round((toMs - 1_000_000) / 1000)]),
    ).toEqual([
      ['train', 0, 240],
      ['calibrate', 240, 320],
      ['held-out', 320, 400],
      ['evaluate', 400, 1000],
    ]);
  });

  test('without labels all of it is reference', () => {
    expect(roleSegments([recording('a', 1000)], 'auto', 30_000, 10_000).map(({ role }) => role)).toEqual([
      'train',
      'calibrate',
      'held-out',
    ]);
  });

  test('recordings too short to divide take turns, so that every role gets some', () => {
    const roles = roleSegments(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => recording(name, 100)),
      'auto',
      30_000,
      10_000,
    ).map(({ role }) => role);
    expect(roles).toEqual(['train', 'calibrate', 'held-out', 'train', 'train', 'train']);
  });

  test('segments of a recording never overlap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.boolean(),
        fc.constantFrom<number | 'auto'>('auto', 0.1, 0.5, 1),
        fc.integer({ min: 1, max: 600 }),
        (seconds, labelled, fraction, window) => {
          const segments = roleSegments([recording('a', seconds, labelled)], fraction, window * 1000, window * 500);
          segments.forEach((segment, index) => {
            expect(segment.fromMs).toBeLessThanOrEqual(segment.toMs);
            expect(segment.fromMs).toBeGreaterThanOrEqual(segments[index - 1]?.toMs ?? 0);
          });
        },
      ),
    );
  });

  test('data slower than the wanted windows get windows of their own pace', () => {
    expect(windowFor({ windowSeconds: 30, strideSeconds: 10 }, 1000)).toEqual({
      windowSeconds: 30,
      strideSeconds: 10,
      minSamples: 15,
      widened: false,
    });
    expect(windowFor({ windowSeconds: 30, strideSeconds: 10 }, 300_000)).toEqual({
      windowSeconds: 9000,
      strideSeconds: 1500,
      minSamples: 15,
      widened: true,
    });
  });
});
