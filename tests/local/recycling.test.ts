import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ContainerClient } from '@azure/storage-blob';
import { DuckDBInstance } from '@duckdb/node-api';
import { inferenceDataTopic, lineDataTopic } from '../../contracts/databus';
import { datasetManifest, type DatasetManifest } from '../../contracts/datasetManifest';
import { encodeQueueMessage } from '../../contracts/eventGrid';
import { batchManifestBlob, type InferenceRecord, type LandingManifest } from '../../contracts/landingZone';
import type { DataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { buildBatch } from '../../edge-sim/data-collector-hub/batch';
import { recordsOf } from '../../edge-sim/data-collector/inferenceRecords';
import { containerId, queueId } from '../../local-azure/region/armId';
import type { Log } from '../../contracts/program/log';
import { readJsonBlob } from '../../pipeline-code/clients/storage';
import { dataPipeline, type DataPipelineConnections } from '../../pipeline-code/data-pipeline/dataPipeline';
import { dataPipelineSettings } from './support/dataPipelineSettings';
import { storageRegion, type StorageRegion } from './support/storageRegion';

const settings: DataPipelineSettings = { ...dataPipelineSettings, RETRAIN_MIN_NEW_WINDOWS: 20 };
const origin = { factory: 'plant-one', device: 'aimm-1' };
const packageId = '0f4e2c6a-1111-5000-8000-000000000001';

let region: StorageRegion;
let connections: DataPipelineConnections;
let raw: ContainerClient;
let site: ContainerClient;
let sender: DataPipelineConnections['queue'];
const messages: { message: string; detail: Readonly<Record<string, unknown>> }[] = [];
const log: Log = (_level, message, detail = {}) => void messages.push({ message, detail });

beforeAll(async () => {
  region = await storageRegion();
  for (const name of ['raw', 'landing-zone', 'processed', 'quarantine', 'checkpoints'])
    await region.storage.declareContainer(region.account, name);
  await region.storage.declareQueue(region.account, 'data-pipeline');
  const [program, person] = [region.principal('data-pipeline'), region.principal('operator')];
  for (const name of ['raw', 'landing-zone']) {
    region.assign(program, 'blobReader', containerId(region.account, name));
    region.assign(person, 'blobContributor', containerId(region.account, name));
  }
  for (const name of ['processed', 'quarantine', 'checkpoints'])
    region.assign(program, 'blobContributor', containerId(region.account, name));
  for (const role of ['queueReader', 'queueProcessor'] as const) region.assign(program, role, queueId(region.account, 'data-pipeline'));
  region.assign(person, 'queueContributor', queueId(region.account, 'data-pipeline'));
  const blobs = region.blobs(program);
  const container = (name: string) => blobs.getContainerClient(name);
  connections = {
    raw: container('raw'),
    landing: container('landing-zone'),
    processed: container('processed'),
    quarantine: container('quarantine'),
    checkpoints: container('checkpoints'),
    queue: region.queues(program).getQueueClient('data-pipeline'),
  };
  raw = region.blobs(person).getContainerClient('raw');
  site = region.blobs(person).getContainerClient('landing-zone');
  sender = region.queues(person).getQueueClient('data-pipeline');
});
afterAll(() => region.stop());

const announce = (container: string, name: string) =>
  sender.sendMessage(
    encodeQueueMessage({
      id: name,
      topic: region.account,
      subject: `/blobServices/default/containers/${container}/blobs/${name}`,
      eventType: 'Microsoft.Storage.BlobCreated',
      eventTime: new Date().toISOString(),
      dataVersion: '',
      data: {
        api: 'PutBlob',
        eTag: '0x1',
        contentLength: 1,
        url: `https://data1.blob.core.windows.net/${container}/${name}`,
        sequencer: '1',
        blobType: 'BlockBlob',
      },
    }),
  );
const start = (hour: number) => Date.UTC(2026, 4, 2, hour);
const at = (hour: number, second: number) => new Date(start(hour) + second * 1_000).toISOString();
let sequence = 0;
/** What the line says for so many seconds from the hour on. */
const samples = (hour: number, seconds: number, from = 0, qc = 3) =>
  Array.from({ length: seconds - from }, (_, index) => {
    const second = from + index;
    const vals = [
      ['flow', 30 + Math.sin(second)],
      ['current', 8 + Math.cos(second / 3)],
    ].map(([id, val]) => ({ id, qc, ts: at(hour, second), val }));
    return recordsOf(lineDataTopic, Buffer.from(JSON.stringify({ seq: ++sequence, vals })), origin) ?? [];
  }).flat();
/** What the package says of these seconds, a window every ten seconds. */
const results = (
  hour: number,
  seconds: number,
  alarmed: (windowStart: number) => boolean = () => false,
  pipeline = 'line-anomaly-detection',
) =>
  Array.from({ length: Math.floor((seconds - 30) / 10) + 1 }, (_, index) => {
    const result = {
      windowStart: at(hour, index * 10),
      windowEnd: at(hour, index * 10 + 30),
      score: 1,
      threshold: 2,
      alarm: alarmed(index * 10),
      packageId,
      packageVersion: '1',
      quality: 'good',
    };
    return (
      recordsOf(
        inferenceDataTopic(pipeline),
        Buffer.from(
          JSON.stringify({ seq: ++sequence, vals: [{ id: 'result', qc: 3, ts: at(hour, index * 10 + 30), val: JSON.stringify(result) }] }),
        ),
        origin,
      ) ?? []
    );
  }).flat();
async function land(
  records: readonly InferenceRecord[],
  change: (manifest: LandingManifest, content: Buffer) => { manifest: unknown; content: Buffer | undefined } = (manifest, content) => ({
    manifest,
    content,
  }),
): Promise<LandingManifest> {
  const { manifest, content } = await buildBatch(origin, records, new Date());
  const put = (name: string, body: Buffer) => site.getBlockBlobClient(name).upload(body, body.length);
  const changed = change(manifest, content);
  if (changed.content) await put(manifest.blob, changed.content);
  if (changed.manifest !== undefined) {
    await put(batchManifestBlob(manifest.blob), Buffer.from(JSON.stringify(changed.manifest)));
    await announce('landing-zone', batchManifestBlob(manifest.blob));
  }
  return manifest;
}
async function manifests(): Promise<DatasetManifest[]> {
  const found: DatasetManifest[] = [];
  for await (const { name } of connections.processed.listBlobsFlat()) {
    const manifest = name.endsWith('/manifest.json') ? await readJsonBlob(connections.processed, name, datasetManifest) : undefined;
    if (manifest) found.push(manifest.value);
  }
  return found.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}
const newest = async () => (await manifests()).at(-1) as DatasetManifest;
const landed = (manifest: DatasetManifest) => manifest.sources.filter(({ origin: from }) => from === 'landing-zone');
const recycledWindows = (manifest: DatasetManifest) => landed(manifest).reduce((sum, { windows }) => sum + windows, 0);
/** How many samples the fullest window holds. */
async function mostSamples({ windowsPath }: DatasetManifest): Promise<number> {
  const file = join(region.directory, 'windows.parquet');
  await connections.processed.getBlobClient(windowsPath).downloadToFile(file);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const [row] = (await connection.runAndReadAll(`SELECT max(samples) FROM read_parquet('${file}')`)).getRows();
  connection.closeSync();
  instance.closeSync();
  return Number(row?.[0]);
}
const run = (more: Partial<DataPipelineSettings> = {}) => dataPipeline({ ...settings, ...more }, log, connections);

let first: DatasetManifest;

beforeAll(async () => {
  const lines = [
    'time;flow;current',
    ...Array.from(
      { length: 900 },
      (_, second) =>
        `${new Date(Date.UTC(2026, 4, 1) + second * 1000).toISOString()};${(30 + Math.sin(second)).toFixed(4)};${(8 + Math.cos(second / 3)).toFixed(4)}`,
    ),
  ].join('\n');
  await raw.getBlockBlobClient('reference.csv').upload(lines, lines.length);
  await announce('raw', 'reference.csv');
  await run();
  first = await newest();
});

describe('recycled inference data', () => {
  it('becomes the next data version, as windows to train on; the other roles stay with the reference data', async () => {
    const { blob } = await land([...samples(6, 600), ...results(6, 600)]);
    await run();
    const second = await newest();
    expect(await manifests()).toHaveLength(2);
    // 600 samples end with second 599: 57 windows have been shown to be over.
    expect(landed(second)).toMatchObject([
      { name: blob, rows: 600, windows: 57, firstTime: at(6, 0), lastTime: expect.any(String) as string },
    ]);
    expect(second.sources.filter(({ origin: from }) => from === 'raw')).toEqual(first.sources);
    expect(second.windowsByRole).toEqual({ ...first.windowsByRole, train: first.windowsByRole.train! + 57 });
    expect(second.features).toEqual(first.features);
  });

  it('does not make a data version of nothing new, of too little, or too soon', async () => {
    const reason = () => messages.findLast(({ message }) => message === 'no new data version yet')?.detail['reason'];
    await announce('landing-zone', 'again.manifest.json');
    await run();
    expect(messages.at(-1)?.message).toBe('data version is there already');
    await land([...samples(7, 200), ...results(7, 200)]);
    await run();
    expect(reason()).toBe('expected at least 20 new windows, there are 17');
    await land([...samples(8, 400), ...results(8, 400)]);
    await run({ RETRAIN_MIN_INTERVAL_SECONDS: 3_600 });
    expect(reason()).toMatch(/^expected at least 3600 s since the last data version, \d s have passed$/);
    expect(await manifests()).toHaveLength(2);
    await announce('landing-zone', 'later.manifest.json');
    await run();
    expect(await manifests()).toHaveLength(3);
    expect(recycledWindows(await newest())).toBe(57 + 17 + 37);
  });
});

describe('the choice of recycled records', () => {
  it('leaves out what the package alarmed on with a window on either side, what it did not judge, and what is of bad quality', async () => {
    const before = recycledWindows(await newest());
    // An alarm in the windows from 300 to 340 s: nothing between 270 and 400 s is trained on. 900 to 999 s were not judged.
    await land([...samples(10, 1_000), ...results(10, 900, (windowStart) => windowStart >= 300 && windowStart <= 340)]);
    await land([...samples(12, 300), ...samples(12, 301, 300, 1), ...samples(12, 600, 301), ...results(12, 600)]);
    await run();
    const counts = landed(await newest())
      .slice(-2)
      .map(({ windows }) => windows);
    // Windows end by 270 (0..240) or start from 400 on and are judged within a stride (400..880); those that hold second 300 start at 280, 290 and 300.
    expect(counts).toEqual([25 + 49, 57 - 3]);
    expect(recycledWindows(await newest())).toBe(before + 25 + 49 + 54);
  });

  it('counts a record once, however often it arrives, and windows go on over the borders of batches', async () => {
    const before = recycledWindows(await newest());
    const [line, said] = [samples(14, 600), results(14, 600)];
    await land(line.slice(0, 305));
    await land([...line.slice(200), ...said]);
    await land([...line, ...said]);
    await run();
    expect(
      landed(await newest())
        .slice(-3)
        .reduce((sum, { windows }) => sum + windows, 0),
    ).toBe(57);
    expect(recycledWindows(await newest())).toBe(before + 57);
    expect(await mostSamples(await newest())).toBe(30);
  });

  it('goes by what its own package says: that of a smoke test beside it neither lets a window in nor keeps one out', async () => {
    const before = recycledWindows(await newest());
    await land([...samples(15, 600), ...results(15, 600, () => true, 'smoke-anomaly-detection'), ...results(15, 600)]);
    await land([...samples(17, 400), ...results(17, 400, () => false, 'smoke-anomaly-detection')]);
    await run();
    expect(
      landed(await newest())
        .slice(-2)
        .map(({ windows }) => windows)
        .sort((a, b) => a - b),
    ).toEqual([0, 57]);
    expect(recycledWindows(await newest())).toBe(before + 57);
  });
});

describe('a batch in the landing zone', () => {
  it('waits for the manifest of a batch', async () => {
    const versions = (await manifests()).length;
    const { blob } = await land([...samples(16, 600), ...results(16, 600)], (_, content) => ({ manifest: undefined, content }));
    await announce('landing-zone', blob);
    await run();
    expect(await manifests()).toHaveLength(versions);
    expect(messages.filter(({ message, detail }) => message === 'file quarantined' && String(detail['file']).includes(blob))).toEqual([]);
  });

  it('puts a hostile batch into quarantine with its reason, once, and goes on with the good ones', async () => {
    const good = () => [...samples(18, 60), ...results(18, 60)];
    const repacked = (manifest: LandingManifest, text: string, more: Partial<LandingManifest> = {}) => {
      const content = gzipSync(text);
      return {
        manifest: {
          ...manifest,
          sha256: createHash('sha256').update(content).digest('hex'),
          sizeBytes: content.length,
          contentBytes: Buffer.byteLength(text),
          ...more,
        },
        content,
      };
    };
    const textOf = (records: readonly InferenceRecord[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
    await land(good(), (manifest, content) => ({ manifest: { ...manifest, sha256: '0'.repeat(64) }, content }));
    await land(good(), (manifest, content) => ({ manifest: { ...manifest, records: manifest.records + 1 }, content }));
    await land(good(), (manifest) => repacked(manifest, 'x'.repeat(50_000_000), { contentBytes: 1_000 }));
    await land(good(), (manifest) =>
      repacked(manifest, `${textOf(good().slice(0, 5))}{"kind":"sample"}\n`, { records: 6, samples: 6, results: 0 }),
    );
    await land(good(), (manifest) => repacked(manifest, textOf(good().map((record) => ({ ...record, device: 'other' })))));
    await land(good(), (manifest) => ({ manifest, content: Buffer.from('not gzip') }));
    await land(good(), (manifest, content) => ({ manifest: { ...manifest, contentBytes: 2 ** 40 }, content }));
    await land(good(), (manifest, content) => ({ manifest: { ...manifest, blob: 'inference/elsewhere.ndjson.gz' }, content }));
    await land(good(), (_, content) => ({ manifest: { records: 'many', padding: 'x'.repeat(300_000) }, content }));
    await land(good(), (manifest) => ({ manifest, content: undefined }));
    const { blob } = await land([...samples(20, 400), ...results(20, 400)]);
    await run();
    const version = await newest();
    expect(landed(version).at(-1)).toMatchObject({ name: blob, windows: 37 });
    expect(
      version.quarantined
        .map(({ row, column, reason }) => `${row ?? ''} ${column ?? ''} ${reason}`)
        .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    ).toEqual([
      expect.stringMatching(/^ {2}expected 1000 bytes of content, found more$/),
      expect.stringMatching(/^ {2}expected \d+ bytes, found 8$/),
      expect.stringMatching(/^ {2}expected \d+ records, found \d+ lines$/),
      expect.stringMatching(/^ {2}expected a manifest of at most 262144 bytes, found \d+ bytes$/),
      expect.stringMatching(/^ {2}expected SHA-256 0+, found [0-9a-f]{64}$/),
      expect.stringMatching(/^ blob expected the batch beside .*, found "inference\/elsewhere.ndjson.gz"$/),
      expect.stringMatching(/^ blob expected the batch .*, found no such blob$/),
      expect.stringMatching(/^ contentBytes expected at most 67108864 bytes of content, found 1099511627776$/),
      expect.stringMatching(/^1 {2}expected a record of plant-one\/aimm-1, found plant-one\/other$/),
      expect.stringMatching(/^6 schemaVersion expected a record of the line, found /),
    ]);
    expect(version.quarantined.every(({ file }) => file.startsWith('landing-zone/inference/plant-one/aimm-1/'))).toBe(true);
    const refused = () => messages.filter(({ message }) => message === 'file quarantined').length;
    const before = refused();
    await announce('landing-zone', 'again.manifest.json');
    await run();
    expect(refused()).toBe(before);
  });
});
