import { type PackageDescription } from '../../../pipeline-code/validate-and-package/packageConfiguration';

export const onnx = Buffer.from('an onnx graph');

export const description: PackageDescription = {
  packageId: '5e0c5f3e-3f0b-5c53-8a43-0f5d9a5a3c11',
  packageVersion: '12',
  packageName: 'Pump Watch',
  factory: 'plant-1',
  createdAt: new Date('2026-11-22T17:27:25.431Z'),
  signature: {
    schemaVersion: '1',
    model: 'anomaly',
    dataVersion: '0123456789abcdef',
    manifestPath: 'line/0123456789abcdef/manifest.json',
    features: {
      schemaVersion: '1',
      windowSeconds: 10,
      strideSeconds: 5,
      minSamples: 5,
      sensors: [
        { name: 'Volume Flow RateRMS', aggregates: ['mean', 'std'] },
        { name: 'pressure.bar', aggregates: ['slope'] },
      ],
    },
    input: { name: 'features', size: 3 },
    threshold: 1.5,
    onnxSha256: 'aa',
    trainedOn: { windows: 10, calibrationWindows: 5 },
    metrics: {},
  },
  manifest: {
    dataset: 'line',
    sources: [
      {
        origin: 'raw',
        name: 'a.csv',
        etag: 'x',
        sha256: 'y',
        sizeBytes: 1,
        rows: 101,
        windows: 5,
        firstTime: '2026-01-01T00:00:00.000Z',
        lastTime: '2026-01-01T00:01:40.000Z',
      },
    ],
  },
};
