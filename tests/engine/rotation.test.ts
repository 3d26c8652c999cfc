import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientCertificateCredential } from '@azure/identity';
import { create, revoke, rotate } from '../../commands/certificate/actions';
import { keyFiles, SiteKeys } from '../../commands/certificate/siteKeys';
import { StackCertificates } from '../../commands/certificate/stackCertificates';
import { EvidenceReader } from '../../loop/evidenceReader';
import { regionCredential } from '../../loop/regionCredential';
import { MonitorReader } from '../../loop/monitorReader';
import { dropRawFiles, rawBlobNames } from '../../loop/rawFiles';
import type { Replay } from '../../loop/replay';
import { replayStretch } from '../../loop/replayStretches';
import type { ReplayResult } from '../../loop/report';
import { emptyRounds, runRounds, type RoundsResult } from '../../loop/runRounds';
import { simulatedRawFiles, sisterMachineFiles } from '../../loop/simulatedRawFiles';
import { SiteConsole } from '../../loop/siteConsole';
import { simulatedStretches, type Stretch } from '../../loop/stretches';
import { telemetryReturn } from '../../loop/telemetryReturn';
import { deliveryRecord } from '../../contracts/deliveryRecord';
import { stackOutputs } from '../../contracts/stackOutputs';
import { connectDevice, type HubConnection } from '../../edge-sim/model-manager/hubConnection';
import { EngineRegion, succeeded } from './support/engineRegion';
import { engineMissing } from './support/engineLane';

jest.setTimeout(600_000);
const missing = engineMissing();
const stack = 'rotation';
const never = new AbortController().signal;

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 240_000; !(await condition()); await new Promise((resolve) => setTimeout(resolve, 250))) {
    if (performance.now() > deadline) throw new Error(`it did not happen: ${what}`);
  }
}
interface LogLine {
  readonly time: string;
  readonly message?: string;
}
const jsonLines = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line): LogLine[] => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));

let engine: EngineRegion;
if (missing === undefined) {
  beforeAll(async () => {
    engine = await EngineRegion.start('rotation-test');
  });
  afterAll(() => engine?.stop());
}
/** Ids of the device messages of a type that reached the event hub, as often as they did. */
function arrivals(type: string): string[] {
  const ids: string[] = [];
  const { eventHubs } = engine.region;
  const passOn = eventHubs.send.bind(eventHubs);
  jest.spyOn(eventHubs, 'send').mockImplementation(async (hub, event, as) => {
    await passOn(hub, event, as);
    if (event.applicationProperties?.['type'] === type) ids.push(String(event.systemProperties['message_id']));
  });
  return ids;
}
/** What the line says day after day, a minute at a time: the machine that runs the test has an update to do, too. */
function* minuteByMinute(): Generator<Stretch> {
  for (let days = 1; ; days++)
    for (const stretch of simulatedStretches(days))
      for (let from = 0; from < stretch.rows.length; from += 60) yield { ...stretch, rows: stretch.rows.slice(from, from + 60) };
}
afterEach(() => jest.restoreAllMocks());

const inLane = missing === undefined ? it : it.skip;

inLane('a plant rotates as the manual tells it, with an update of its stack in between, and its device is never turned away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plant-keys-'));
  const keys = new SiteKeys(join(folder, 'keys'));
  const { region } = engine;
  const arrived = arrivals('state');
  const update = async () =>
    succeeded(await engine.run('up', 'plant'))
      .operations.filter((one) => /ApplicationCertificate|model-manager-device/.test(one))
      .map((one) => one.replace(/[0-9a-f]{16}$/, '<certificate>'));
  let device: HubConnection | undefined;
  try {
    await engine.configure('plant', { edgeSite: { enabled: false } });
    const stackCertificates = new StackCertificates(engine.up.project, 'plant');
    await create(keys, stackCertificates, 'aimm-plant', new Date());
    await update();
    const exported = JSON.parse((await engine.cli('stack', 'output', '--json', '--stack', 'plant')).stdout) as {
      readonly iotHubHost: string;
      readonly deviceId: string;
    };
    const file = (place: keyof typeof keyFiles) => readFileSync(join(keys.folder, keyFiles[place]), 'utf8');
    const pair = (pem: string) => async () => ({ certificatePem: new X509Certificate(pem).toString(), privateKeyPem: pem });
    device = await connectDevice({ host: exported.iotHubHost, deviceId: exported.deviceId, keyPair: () => pair(file('current'))() });
    const states: string[] = [];
    device.onState((state) => states.push(state));
    const refusalsBefore = region.context.gate.denials.length;
    const [sent, sending] = [new Set<string>(), { over: false }];
    const connected = device;
    const traffic = (async () => {
      while (!sending.over) {
        const messageId = randomUUID();
        // As the model manager does it: again until the hub has it.
        while (
          !(await connected.sendEvent({ properties: { type: 'state', deliveryId: messageId }, body: '{}', messageId }).then(
            () => true,
            () => false,
          ))
        )
          await new Promise((resolve) => setTimeout(resolve, 100));
        sent.add(messageId);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    try {
      await rotate(keys, stackCertificates, new Date());
      expect(await update()).toEqual([
        'create azuread:index/applicationCertificate:ApplicationCertificate::site-certificate-<certificate>',
        'update command:local:Command::model-manager-device',
      ]);
      await rotate(keys, stackCertificates, new Date());
      await until('the device has switched', () => states.includes('certificate taken up'));
      const previous = file('previous');
      revoke(keys, stackCertificates, 'previous');
      expect(await update()).toEqual([
        'delete azuread:index/applicationCertificate:ApplicationCertificate::site-certificate-<certificate>',
        'update command:local:Command::model-manager-device',
      ]);
      const before = sent.size;
      await until('messages with the new certificate', () => sent.size > before + 10);
      expect(region.context.gate.denials.slice(refusalsBefore)).toEqual([]);
      await expect(connectDevice({ host: exported.iotHubHost, deviceId: exported.deviceId, keyPair: pair(previous) })).rejects.toThrow(
        /Not authorized/,
      );
    } finally {
      sending.over = true;
      await traffic;
    }
    await until('all messages', () => new Set(arrived).size >= sent.size);
    process.stdout.write(
      `rotation of a plant, sent/arrived/distinct: device messages ${sent.size}/${arrived.length}/${new Set(arrived).size}\n`,
    );
    expect([...sent].filter((id) => !arrived.includes(id))).toEqual([]);
  } finally {
    await device?.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

type Outputs = ReturnType<typeof stackOutputs.parse> & { readonly siteClientId: string };
async function outputsOf(): Promise<Outputs> {
  const exported = JSON.parse((await engine.cli('stack', 'output', '--json', '--stack', stack)).stdout) as {
    readonly siteClientId: string;
  };
  return { ...stackOutputs.parse(exported), siteClientId: exported.siteClientId };
}

/** The simulated site as its files and logs show it, and what the directory and the deliveries say. */
function siteOf({ region }: EngineRegion, outputs: Outputs, reader: EvidenceReader) {
  const appName = region.containerApps.state().apps.find(({ name }) => name.startsWith('edge-site'))?.name ?? '';
  return {
    certificate: () => readFileSync(join(region.containerApps.volumes('certificates')[0] ?? '', 'device-certificate.pem'), 'utf8'),
    logOf: (program: string) => jsonLines(join(region.containerApps.logs(appName), `${program}.log`)),
    registered: () => region.entra.applications.byClientId(outputs.siteClientId)?.certificates.length,
    async delivered() {
      const container = reader.container('data', outputs.deliveriesContainer);
      const texts = await Promise.all((await reader.list(container, '')).map(({ name }) => reader.text(container, name)));
      return texts
        .flatMap((text) => deliveryRecord.safeParse(JSON.parse(text ?? '{}')).data ?? [])
        .filter(({ state }) => state === 'Success');
    },
  };
}
type Site = ReturnType<typeof siteOf>;

const update = async (edgeSite: object) => {
  await engine.configure(stack, { edgeSite: { batchMaxRecords: 2_000, ...edgeSite } });
  return succeeded(await engine.run('up', stack)).operations;
};

/** Adds the next certificate, waits until the site has switched, and takes the old one away; what each update of the stack did. */
async function rotation(site: Site) {
  const old = site.certificate();
  const next = await update({ certificateSerial: 2 });
  expect([site.certificate() === old, site.registered()]).toEqual([true, 2]);
  await until(
    'the site has switched',
    () => site.certificate() !== old && site.logOf('model-manager').some(({ message }) => message === 'IoT Hub certificate taken up'),
  );
  const last = await update({ certificateSerial: 2, certificateOverlap: false });
  expect(site.registered()).toBe(1);
  return { next, last };
}

/** What the line says goes on for as long as the work does. */
const replayDuring =
  (work: () => Promise<void>): Replay =>
  async (console, _manifest, _files, round) => {
    const results: ReplayResult[] = [];
    const state = { over: false };
    const working = work().finally(() => (state.over = true));
    working.catch(() => undefined);
    for (const stretch of minuteByMinute()) {
      if (state.over) break;
      results.push(await replayStretch(console, stretch, round));
    }
    await working;
    return results;
  };

/** Every log line, metric, record and device message that was sent is there, once or more often. */
async function expectNothingLost(
  monitor: MonitorReader,
  site: Site,
  states: readonly string[],
  landed: RoundsResult['landed'],
): Promise<void> {
  const telemetry = await telemetryReturn(engine.region.containerApps.volumes('site'), monitor, never);
  const statesSent = site.logOf('model-manager').filter(({ message }) => message === 'delivery state').length;
  await until('all states of deliveries', () => new Set(states).size >= statesSent);
  const messages = { sent: statesSent, arrived: states.length, distinct: new Set(states).size };
  process.stdout.write(
    `rotation through a stack, sent/arrived/distinct: ${Object.entries({
      logs: telemetry.logs,
      metrics: telemetry.metrics,
      records: landed,
      'device messages': messages,
    })
      .map(([what, of]) => `${what} ${of.sent}/${of.arrived}/${of.distinct}`)
      .join(', ')}\n`,
  );
  expect([telemetry.logs.distinct, telemetry.metrics.distinct, landed.distinct, messages.distinct]).toEqual([
    telemetry.logs.sent,
    telemetry.metrics.sent,
    landed.sent,
    messages.sent,
  ]);
  expect([telemetry.metrics.sent > 500, landed.sent > 2_000, messages.sent > 8]).toEqual([true, true, true]);
}

/** Neither Entra nor the hub takes the certificate any more. */
async function expectRefused(certificate: string, outputs: Outputs, directory: string): Promise<void> {
  const { region } = engine;
  const certificatePath = join(directory, 'old.pem');
  writeFileSync(certificatePath, certificate, { mode: 0o600 });
  const credential = new ClientCertificateCredential(
    region.tenantId,
    outputs.siteClientId,
    { certificatePath },
    { authorityHost: region.entra.authorityHost, disableInstanceDiscovery: true },
  );
  await expect(credential.getToken('https://monitor.azure.com/.default')).rejects.toThrow(/AADSTS700027/);
  const keyPair = async () => ({ certificatePem: new X509Certificate(certificate).toString(), privateKeyPem: certificate });
  await expect(connectDevice({ host: outputs.iotHubHost, deviceId: outputs.deviceId, keyPair })).rejects.toThrow(/Not authorized/);
}

inLane(
  'the site goes over to its next certificate while the loop runs on a stack, and nothing of it is refused, lost or there twice',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rotation-'));
    const closing: (() => Promise<unknown>)[] = [async () => rmSync(directory, { recursive: true, force: true })];
    try {
      const { region } = engine;
      const states = arrivals('state');
      await update({});
      const outputs = await outputsOf();
      const [reader, monitor] = [
        new EvidenceReader(outputs, regionCredential(region, engine.operator)),
        new MonitorReader(outputs, regionCredential(region, engine.operator)),
      ];
      const console = await SiteConsole.connect(outputs.databusPort);
      closing.push(
        () => reader.close(),
        () => console.close(),
      );
      const site = siteOf(engine, outputs, reader);
      const startedAt = new Date(Math.floor(Date.now() / 1_000) * 1_000);
      const files = simulatedRawFiles(join(directory, 'raw'));
      const raw = reader.container('data', outputs.rawContainer);
      await dropRawFiles(reader, raw, files);
      reader.listen(startedAt);

      const before = { certificate: '', refusals: 0, time: '' };
      const operations: Record<string, readonly string[]> = {};
      const rounds = emptyRounds();
      await runRounds(
        {
          region,
          reader,
          monitor,
          site: console,
          rounds: 1,
          startedAt,
          replayedBefore: 0,
          onReplay: () => undefined,
          rawFiles: files,
          rawBlobs: rawBlobNames(outputs.dataset, files),
          deliver: async () => [],
          signal: never,
          events: { phase: () => undefined, waiting: () => undefined, step: () => undefined },
          replay: replayDuring(async () => {
            before.certificate = site.certificate();
            before.time = new Date().toISOString();
            before.refusals = region.context.gate.denials.length;
            // The next delivery is under way meanwhile.
            await dropRawFiles(reader, raw, sisterMachineFiles(join(directory, 'raw'), 1));
            Object.assign(operations, await rotation(site));
            await until('the delivery that was under way has ended', async () => (await site.delivered()).length === 2);
          }),
        },
        rounds,
      );
      expect(rounds.steps.filter(({ ok }) => !ok)).toEqual([]);
      await expectNothingLost(monitor, site, states, rounds.landed);

      // Nobody was turned away: what is refused is sent again and so does not show in the counts.
      expect(region.context.gate.denials.slice(before.refusals)).toEqual([]);
      const turnedAway = /not passed on|no new access token|not uploaded|cannot be reached|not taken up/;
      for (const program of ['auth-proxy-ingestion', 'auth-proxy-metrics', 'data-collector-hub', 'model-manager']) {
        const found = site.logOf(program).filter(({ time, message }) => time >= before.time && turnedAway.test(message ?? ''));
        expect([program, found]).toEqual([program, []]);
      }
      const touched = ['command:local:Command::enrolment', 'command:local:Command::model-manager-device'];
      expect(operations['next']?.filter((one) => !one.includes('ScheduledQueryRule'))).toEqual([
        'create azuread:index/applicationCertificate:ApplicationCertificate::site-certificate-2',
        'create command:local:Command::enrolment-certificate-2',
        'update command:local:Command::certificate-hand-over',
        ...touched.map((one) => `update ${one}`),
      ]);
      expect(operations['last']).toEqual([
        'delete azuread:index/applicationCertificate:ApplicationCertificate::site-certificate-1',
        'delete command:local:Command::enrolment-certificate-1',
        ...touched.map((one) => `update ${one}`),
      ]);
      await expectRefused(before.certificate, outputs, directory);
    } finally {
      for (const close of closing.reverse()) await close().catch(() => undefined);
    }
  },
);
