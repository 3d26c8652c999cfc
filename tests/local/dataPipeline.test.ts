import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerClient } from '@azure/storage-blob';
import { datasetManifest, manifestPath } from '../../contracts/datasetManifest';
import { encodeQueueMessage } from '../../contracts/eventGrid';
import { type DataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { containerId, queueId } from '../../local-azure/region/armId';
import { type Log } from '../../contracts/program/log';
import { readJsonBlob } from '../../pipeline-code/clients/storage';
import { dataPipeline, type DataPipelineConnections } from '../../pipeline-code/data-pipeline/dataPipeline';
import { dataPipelineSettings as settings } from './support/dataPipelineSettings';
import { storageRegion, type StorageRegion } from './support/storageRegion';

let region: StorageRegion;
let connections: DataPipelineConnections;
let operator: ContainerClient;
let revokeProcessed: () => void;
let grantProcessed: () => void;
const messages: { message: string; detail: Readonly<Record<string, unknown>> }[] = [];
const log: Log = (_level, message, detail = {}) => void messages.push({ message, detail });

beforeAll(async () => {
  region = await storageRegion();
  for (const name of ['raw', 'landing-zone', 'processed', 'quarantine', 'checkpoints'])
    await region.storage.declareContainer(region.account, name);
  await region.storage.declareQueue(region.account, 'data-pipeline');
  const program = region.principal('data-pipeline');
  const person = region.principal('operator');
  for (const name of ['raw', 'landing-zone']) region.assign(program, 'blobReader', containerId(region.account, name));
  for (const name of ['quarantine', 'checkpoints']) region.assign(program, 'blobContributor', containerId(region.account, name));
  for (const role of ['queueReader', 'queueProcessor'] as const) region.assign(program, role, queueId(region.account, 'data-pipeline'));
  grantProcessed = () => {
    const assignment = region.assign(program, 'blobContributor', containerId(region.account, 'processed'));
    revokeProcessed = () => region.context.roles.unassign(assignment);
  };
  grantProcessed();
  region.assign(person, 'blobContributor', containerId(region.account, 'raw'));
  region.assign(person, 'queueContributor', queueId(region.account, 'data-pipeline'));
  const blobs = region.blobs(program);
  connections = {
    raw: blobs.getContainerClient('raw'),
    landing: blobs.getContainerClient('landing-zone'),
    processed: blobs.getContainerClient('processed'),
    quarantine: blobs.getContainerClient('quarantine'),
    checkpoints: blobs.getContainerClient('checkpoints'),
    queue: region.queues(program).getQueueClient('data-pipeline'),
  };
  operator = region.blobs(person).getContainerClient('raw');
  sender = region.queues(person).getQueueClient('data-pipeline');
});
afterAll(() => region.stop());

let sender: DataPipelineConnections['queue'];
/** Drops a file and the event that Event Grid would put into the queue. */
async function drop(name: string, content: string): Promise<void> {
  await operator.getBlockBlobClient(name).upload(content, Buffer.byteLength(content));
  await sender.sendMessage(
    encodeQueueMessage({
      id: name,
      topic: region.account,
      subject: `/blobServices/default/containers/raw/blobs/${name}`,
      eventType: 'Microsoft.Storage.BlobCreated',
      eventTime: new Date().toISOString(),
      dataVersion: '',
      data: {
        api: 'PutBlob',
        eTag: '0x1',
        contentLength: content.length,
        url: `https://data1.blob.core.windows.net/raw/${name}`,
        sequencer: '1',
        blobType: 'BlockBlob',
      },
    }),
  );
}
const recording = (seed: number, seconds = 600) =>
  [
    'time;flow;current',
    ...Array.from(
      { length: seconds },
      (_, second) =>
        `${new Date(Date.UTC(2024, 4, seed) + second * 1000).toISOString()};${(30 + Math.sin(second * seed)).toFixed(4)};${(8 + Math.cos(second / seed)).toFixed(4)}`,
    ),
  ].join('\n');
async function names(container: ContainerClient): Promise<string[]> {
  const found: string[] = [];
  for await (const blob of container.listBlobsFlat()) found.push(blob.name);
  return found.sort();
}
const manifests = async () => (await names(connections.processed)).filter((name) => name.endsWith('/manifest.json'));
const waiting = async () => (await connections.queue.getProperties()).approximateMessagesCount;
const run = () => dataPipeline(settings, log, connections);

const manifestOf = async (dataset: string) => {
  const paths = (await names(connections.processed)).filter((name) => name.startsWith(`${dataset}/`) && name.endsWith('/manifest.json'));
  return { paths, newest: (await readJsonBlob(connections.processed, paths.at(-1) ?? 'none', datasetManifest))?.value };
};

describe('data-pipeline against the storage service', () => {
  it('makes one data version of files dropped together and keeps the bad ones with their reasons', async () => {
    await drop('first.csv', recording(1));
    await drop('line/sub folder/second.csv', recording(2));
    await drop('broken.csv', 'time;flow;current\n2024-05-01T00:00:00Z;1;2\n2024-05-01T00:00:01Z;oops;2\n2024-05-01T00:00:02Z;1;2\n');
    await drop('huge.csv', 'x'.repeat(1_000_001));
    await sender.sendMessage('not base64 json');
    await run();
    expect(await waiting()).toBe(0);
    const [path, ...more] = await manifests();
    expect(more).toEqual([]);
    const manifest = (await readJsonBlob(connections.processed, path ?? '', datasetManifest))?.value;
    expect(path).toBe(manifestPath('line', manifest?.dataVersion ?? ''));
    expect(manifest?.sources.map(({ name, rows }) => [name, rows])).toEqual([
      ['first.csv', 600],
      ['line/sub folder/second.csv', 600],
    ]);
    expect(manifest?.features.sensors.map(({ name }) => name)).toEqual(['flow', 'current']);
    expect(await connections.processed.getBlobClient(manifest?.windowsPath ?? '').exists()).toBe(true);
    expect(manifest?.quarantined.map(({ file, row, column }) => [file, row, column]).sort()).toEqual([
      ['broken.csv', 3, 'flow'],
      ['huge.csv', null, null],
    ]);
    expect((await names(connections.quarantine)).map((name) => name.replace(/\/[^/]+\/([^/]+)$/, '/*/$1'))).toEqual([
      'line/broken.csv/*/content',
      'line/broken.csv/*/reason.json',
      'line/huge.csv/*/reason.json',
    ]);
    expect(messages.map(({ message }) => message)).toContain('poison message deleted');
  });

  it('changes nothing when it runs again, when an event comes twice, or when a file comes again under its own name', async () => {
    const state = async () => {
      const all: string[] = [];
      for (const container of [connections.processed, connections.quarantine])
        for await (const blob of container.listBlobsFlat()) all.push(`${blob.name} ${blob.properties.etag}`);
      return all;
    };
    const before = await state();
    await run();
    await drop('first.csv', recording(1));
    await run();
    expect(await state()).toEqual(before);
    expect(await waiting()).toBe(0);
  });

  it('makes a new data version of all good files when another one comes', async () => {
    await drop('third.csv', recording(3));
    await run();
    expect(await manifests()).toHaveLength(2);
    expect(messages.findLast(({ message }) => message === 'data version written')?.detail).toMatchObject({ files: 3, quarantined: 2 });
  });

  it('works alone: a second run at the same time does nothing', async () => {
    await drop('fourth.csv', recording(4));
    const slow = dataPipeline({ ...settings, SETTLE_SECONDS: 2 }, log, connections);
    await sleep(700);
    await run();
    expect(messages.at(-1)?.message).toBe('another run is at work, it will see these blobs');
    await slow;
    expect(await manifests()).toHaveLength(3);
  });
});

describe('smoke tests beside the factory', () => {
  it("have a data version each of their own files, and leave the factory's as it is", async () => {
    const before = await manifestOf('line');
    const passes = messages.length;
    await drop('smoke-a1b2/pump.csv', recording(5));
    await drop('smoke-c3d4/pump.csv', recording(6).replaceAll('flow', 'level'));
    await run();
    expect(await waiting()).toBe(0);
    expect((await manifestOf('smoke-a1b2')).newest).toMatchObject({
      dataset: 'smoke-a1b2',
      sources: [{ origin: 'raw', name: 'smoke-a1b2/pump.csv', rows: 600 }],
      quarantined: [],
    });
    expect((await manifestOf('smoke-c3d4')).newest?.features.sensors.map(({ name }) => name)).toEqual(['level', 'current']);
    expect(await manifestOf('line')).toEqual(before);
    expect(
      messages
        .slice(passes)
        .filter(({ message }) => message === 'queue drained')
        .map(({ detail }) => detail['dataset'])
        .sort(),
    ).toEqual(['smoke-a1b2', 'smoke-c3d4']);
    await drop('fifth.csv', recording(7));
    await run();
    const after = await manifestOf('line');
    expect(after.paths).toHaveLength(before.paths.length + 1);
    expect(after.newest?.sources.filter(({ name }) => name.startsWith('smoke-'))).toEqual([]);
  });

  it('that lack data fail by themselves: what the factory dropped beside them is done', async () => {
    const before = (await manifestOf('line')).paths.length;
    await drop('smoke-e5f6/short.csv', recording(8, 60));
    await drop('sixth.csv', recording(8));
    await expect(run()).rejects.toThrow(/expected at least 10 windows to train/);
    expect((await manifestOf('line')).paths).toHaveLength(before + 1);
    expect(await waiting()).toBe(0);
  });

  it('take no folder that only looks like one: it is refused, kept aside with the reason, and nothing is made of it', async () => {
    const before = await manifests();
    const hostile = [
      'other/x.csv',
      'smoke-/x.csv',
      'smoke-A1B2/x.csv',
      'smoke-a1b2-again/x.csv',
      'smoke-a1;DROP TABLE x/x.csv',
      `smoke-${'a'.repeat(900)}/x.csv`,
      'smoke/x.csv',
      '.smoke-a1b2/x.csv',
    ];
    for (const name of hostile) await drop(name, recording(9));
    await run();
    expect(await manifests()).toEqual(before);
    const kept = await Promise.all(
      (await names(connections.quarantine))
        .filter((name) => name.endsWith('/reason.json'))
        .map(async (name) => (await connections.quarantine.getBlobClient(name).downloadToBuffer()).toString()),
    );
    const reasons = kept.map((text) => JSON.parse(text) as { file: string; expected: string });
    expect(reasons.filter(({ file }) => hostile.includes(file)).map(({ expected }) => expected)).toEqual(
      hostile.map(() => 'a file in the folder line or smoke-<id>'),
    );
    await drop('other/x.csv', recording(9));
    await run();
    expect(await waiting()).toBe(0);
  });
});

test('too little data is said, and its events are not tried again', async () => {
  const small = { ...settings, DATASET_NAME: 'small', WINDOW_SECONDS: 300, STRIDE_SECONDS: 300 };
  await drop('first.csv', recording(1));
  await expect(dataPipeline(small, log, connections)).rejects.toThrow(/expected at least 10 windows to train/);
  expect(await waiting()).toBe(0);
});

it('fails on a missing role and makes up for it at the next start, while the event is still out of sight', async () => {
  const before = await manifests();
  await drop('late.csv', recording(9));
  revokeProcessed();
  await expect(run()).rejects.toMatchObject({ statusCode: 403, code: 'AuthorizationPermissionMismatch' });
  expect(await waiting()).toBe(1);
  grantProcessed();
  await run();
  expect(await manifests()).toHaveLength(before.length + 1);
});

test('a file that is too large is refused by itself, and more raw files than the disk of the job holds stop it before anything is fetched', async () => {
  const folder = (name: string) => ({ ...settings, DATASET_NAME: name });
  await drop('large/a.csv', recording(21));
  const run = (over: Partial<DataPipelineSettings>) =>
    dataPipeline({ ...folder('large'), ...over }, log, connections).then(
      () => 'done',
      (error: Error) => error.message,
    );
  const { contentLength = 0 } = await operator.getBlobClient('large/a.csv').getProperties();
  expect(await run({ DISK_BYTES: 2 * contentLength - 2 })).toMatch(
    new RegExp(
      `^the \\d+ raw files of large have \\d+ bytes together, expected at most ${contentLength - 1}: .*DISK_BYTES.*storage\\.lifecycle\\.raw\\.deleteAfterDays`,
    ),
  );
  messages.length = 0;
  await drop('large/b.csv', recording(22, 900));
  await run({ MAX_FILE_BYTES: contentLength });
  expect(
    messages
      .filter(({ message }) => message === 'file quarantined')
      .map(({ detail }) => `${String(detail.file)} ${String(detail.reason)}`)
      .filter((line) => line.startsWith('large/')),
  ).toEqual([expect.stringMatching(new RegExp(`^large/b\\.csv .*at most ${contentLength} bytes`))]);
});
