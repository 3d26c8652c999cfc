import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { landingManifest, type InferenceRecord } from '../../../../contracts/landingZone';
import { dataCollectorHubSettings, type DataCollectorHubSettings } from '../../../../contracts/settings/edgeSite';
import { buildBatch } from '../../../../edge-sim/data-collector-hub/batch';
import { startDataCollectorHub } from '../../../../edge-sim/data-collector-hub/dataCollectorHub';
import type { BatchStore } from '../../../../edge-sim/data-collector-hub/landingZone';
import { Outbox, takenFrom } from '../../../../edge-sim/data-collector-hub/outbox';
import { DiskQueue } from '../../../../edge-sim/disk-queue/diskQueue';

const origin = { factory: 'plant-one', device: 'aimm-1' };
const record = (second: number): InferenceRecord => ({
  schemaVersion: '1',
  kind: 'sample',
  recordId: randomUUID(),
  ts: new Date(Date.UTC(2026, 4, 1, 5, 59, 50) + second * 1_000).toISOString(),
  ...origin,
  qc: 3,
  input: { flow: second },
});
const records = (count: number) => Array.from({ length: count }, (_, second) => record(second));

/** A store that remembers, and fails when told to, before or after it has taken the blob. */
class MemoryStore implements BatchStore {
  readonly puts: { name: string; sha256: string }[] = [];
  readonly blobs = new Map<string, Buffer>();
  failures: ('before' | 'after')[] = [];
  async putOnce(name: string, content: Buffer): Promise<void> {
    const failure = this.failures.shift();
    if (failure === 'before') throw new Error('the network is away');
    this.puts.push({ name, sha256: createHash('sha256').update(content).digest('hex') });
    if (!this.blobs.has(name)) this.blobs.set(name, content);
    if (failure === 'after') throw new Error('the answer was lost');
  }
  manifests() {
    return [...this.blobs].flatMap(([name, content]) =>
      name.endsWith('.manifest.json') ? [landingManifest.parse(JSON.parse(content.toString()))] : [],
    );
  }
  ids(): string[] {
    return this.manifests().flatMap(({ blob }) =>
      gunzipSync(this.blobs.get(blob) as Buffer)
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as InferenceRecord).recordId),
    );
  }
}

let directory: string;
let store: MemoryStore;
let settings: DataCollectorHubSettings;
const logged: string[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hub-'));
  store = new MemoryStore();
  settings = {
    ...dataCollectorHubSettings.parse({
      FACTORY: 'plant-one',
      DEVICE_ID: 'aimm-1',
      DATABUS_PORT: '1',
      SITE_DIRECTORY: directory,
      DATA_COLLECTOR_HUB_PORT: '1',
      EDGE_BLOB_ENDPOINT: 'https://localhost/edge',
      LANDING_ZONE_CONTAINER: 'landing-zone',
      AAD_CLIENT_ID: randomUUID(),
      AAD_TENANT_ID: randomUUID(),
      AAD_CLIENT_CERTIFICATE_PATH: '/none',
      AZURE_AUTHORITY_HOST: 'https://localhost',
      DISABLE_INSTANCE_DISCOVERY: 'true',
      BATCH_IDLE_MS: '200',
      BATCH_MAX_RECORDS: '100',
    }),
    DATA_COLLECTOR_HUB_PORT: 0,
  };
});
type Hub = Awaited<ReturnType<typeof startDataCollectorHub>>;
const running = new Set<Hub>();
afterEach(async () => {
  await Promise.all([...running].map((hub) => hub.close()));
  running.clear();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<Hub> {
  const hub = await startDataCollectorHub(settings, store, (_level, message) => void logged.push(message));
  running.add(hub);
  return hub;
}
async function stop(hub: Hub): Promise<void> {
  running.delete(hub);
  await hub.close();
}
const post = async (hub: Hub, body: unknown) =>
  (
    await fetch(`http://127.0.0.1:${hub.port}/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    })
  ).status;
const until = async (done: () => boolean) => {
  for (const deadline = Date.now() + 8_000; !done(); await sleep(50))
    if (Date.now() > deadline) throw new Error(`not done; logged: ${logged.slice(-5).join(', ')}`);
};

it('closes a batch when it is full or when nothing came for a while, blob first and manifest last', async () => {
  const hub = await start();
  const sent = records(230);
  expect(await post(hub, { records: sent })).toBe(200);
  await until(() => store.manifests().length === 3);
  await stop(hub);
  expect(store.manifests().map((manifest) => manifest.records)).toEqual([100, 100, 30]);
  expect(store.ids()).toEqual(sent.map(({ recordId }) => recordId));
  expect(store.puts.map(({ name }) => /\.[a-z.]+$/.exec(name.split('/').at(-1) ?? '')?.[0])).toEqual(
    Array(3).fill(['.ndjson.gz', '.manifest.json']).flat(),
  );
  // Batches sort in the order in which they were made.
  expect(store.manifests().map(({ batchId }) => batchId)).toEqual(
    store
      .manifests()
      .map(({ batchId }) => batchId)
      .sort(),
  );
});

it('sends the same bytes under the same name until each was taken', async () => {
  store.failures = ['before', 'after', 'after'];
  const hub = await start();
  await post(hub, { records: records(20) });
  await until(() => store.manifests().length === 1 && logged.at(-1) === 'batch uploaded');
  await stop(hub);
  expect(store.blobs.size).toBe(2);
  const blob = store.puts.filter(({ name }) => name.endsWith('.gz'));
  expect(blob.length).toBeGreaterThan(1);
  expect(new Set(blob.map(({ sha256 }) => sha256)).size).toBe(1);
  expect(store.ids()).toHaveLength(20);
});

it('puts the records of a batch into no other one when it was killed before it took them out of the queue', async () => {
  const sent = records(30);
  const queue = await DiskQueue.open<InferenceRecord>(join(directory, 'data-collector-hub', 'queue'), { maxBytes: 10_000_000 });
  await queue.append(sent);
  await queue.close();
  const batch = await buildBatch(origin, sent.slice(0, 12), new Date());
  await (
    await Outbox.open(join(directory, 'data-collector-hub', 'outbox'), () => undefined)
  ).save({ ...batch, taken: takenFrom(sent.slice(0, 12)) });
  const hub = await start();
  await until(() => store.manifests().length === 2);
  await stop(hub);
  expect(store.manifests()[0]?.batchId).toBe(batch.manifest.batchId);
  expect(store.ids()).toEqual(sent.map(({ recordId }) => recordId));
});

it('leaves in the queue what came after the batch that was on its way at the kill', async () => {
  const [taken, later] = [records(12), records(15)];
  const queue = await DiskQueue.open<InferenceRecord>(join(directory, 'data-collector-hub', 'queue'), { maxBytes: 10_000_000 });
  await queue.append(later);
  await queue.close();
  await (
    await Outbox.open(join(directory, 'data-collector-hub', 'outbox'), () => undefined)
  ).save({ ...(await buildBatch(origin, taken, new Date())), taken: takenFrom(taken) });
  const hub = await start();
  await until(() => store.manifests().length === 2);
  await stop(hub);
  expect(store.ids()).toEqual([...taken, ...later].map(({ recordId }) => recordId));
});

it('refuses what is no record of its site, and takes nothing of such a request', async () => {
  const hub = await start();
  expect(await post(hub, { records: [record(1), { ...record(2), device: 'other' }] })).toBe(400);
  expect(await post(hub, { records: [record(1), { ...record(2), qc: 7 }] })).toBe(400);
  expect(await post(hub, { records: 'many' })).toBe(400);
  expect(await post(hub, { records: Array.from({ length: 5_001 }, () => record(1)) })).toBe(400);
  await post(hub, { records: records(3) });
  await until(() => store.manifests().length === 1);
  await stop(hub);
  expect(store.ids()).toHaveLength(3);
});

it('describes a batch by its first and last time, whatever the order, and holds a record once', async () => {
  const [a, b, c] = records(11).filter((_, index) => [0, 5, 10].includes(index)) as [InferenceRecord, InferenceRecord, InferenceRecord];
  const { manifest } = await buildBatch(origin, [b, c, a, b], new Date());
  expect(manifest).toMatchObject({
    records: 3,
    firstTs: '2026-05-01T05:59:50.000Z',
    lastTs: '2026-05-01T06:00:00.000Z',
    blob: `inference/plant-one/aimm-1/yyyy=2026/mm=05/dd=01/hh=05/${manifest.batchId}.ndjson.gz`,
  });
  expect(landingManifest.safeParse(manifest).success).toBe(true);
});

it('gives batches ids that sort in the order in which they were made', async () => {
  const idAt = async (time: number) => (await buildBatch(origin, records(1), new Date(time))).manifest.batchId;
  expect((await idAt(1_000)) < (await idAt(2_000))).toBe(true);
});
