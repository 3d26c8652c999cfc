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
import { replayStretch } from '../../loop/replayStretches';
import type { ReplayResult } from '../../loop/report';
import { emptyRounds, runRounds } from '../../loop/runRounds';
import { simulatedRawFiles, sisterMachineFiles } from '../../loop/simulatedRawFiles';
import { SiteConsole } from '../../loop/siteConsole';
import { simulatedStretches, type Stretch } from '../../loop/stretches';
import { telemetryReturn } from '../../loop/telemetryReturn';
import { deliveryRecord } from '../../contracts/deliveryRecord';
import { stackOutputs } from '../../contracts/stackOutputs';
import { connectDevice, type HubConnection } from '../../edge-sim/model-manager/hubConnection';
import { EngineRegion, type EngineRun } from './engineRegion';
import { engineMissing } from './engineLane';

jest.setTimeout(600_000);
const missing = engineMissing();
const stack = 'rotation';
const never = new AbortController().signal;

function succeeded(run: EngineRun): EngineRun {
  if (run.status !== 0) throw new Error(`the CLI ended with ${run.status}:\n${run.output}`);
  return run;
}
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
function* littleByLittle(): Generator<Stretch> {
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
      await until('the device has gone over', () => states.includes('certificate taken up'));
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

inLane(
  'the site goes over to its next certificate while the loop runs on a stack, and nothing of it is refused, lost or there twice',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rotation-'));
    const closing: (() => Promise<unknown>)[] = [async () => rmSync(directory, { recursive: true, force: true })];
    try {
      const { region } = engine;
      const up = async (edgeSite: object) => {
        await engine.configure(stack, { edgeSite: { batchMaxRecords: 2_000, ...edgeSite } });
        return succeeded(await engine.run('up', stack)).operations;
      };
      const states = arrivals('state');
      await up({});
      const exported = JSON.parse((await engine.cli('stack', 'output', '--json', '--stack', stack)).stdout) as {
        readonly siteClientId: string;
      };
      const { siteClientId, ...outputs } = { siteClientId: exported.siteClientId, ...stackOutputs.parse(exported) };
      const [reader, monitor] = [
        new EvidenceReader(outputs, regionCredential(region, engine.operator)),
        new MonitorReader(outputs, regionCredential(region, engine.operator)),
      ];
      const site = await SiteConsole.connect(outputs.databusPort);
      closing.push(
        () => reader.close(),
        () => site.close(),
      );
      const mounted = () => readFileSync(join(region.containerApps.volumes('certificates')[0] ?? '', 'device-certificate.pem'), 'utf8');
      const thumbprint = () => new X509Certificate(mounted()).fingerprint256.replaceAll(':', '');
      const appName = region.containerApps.state().apps.find(({ name }) => name.startsWith('edge-site'))?.name ?? '';
      const logOf = (program: string) => jsonLines(join(region.containerApps.logs(appName), `${program}.log`));
      const registered = () => region.entra.applications.byClientId(siteClientId)?.certificates.length;
      const deliveries = async () => {
        const container = reader.container('data', outputs.deliveriesContainer);
        const texts = await Promise.all((await reader.list(container, '')).map(({ name }) => reader.text(container, name)));
        return texts.flatMap((text) => deliveryRecord.safeParse(JSON.parse(text ?? '{}')).data ?? []);
      };

      const startedAt = new Date(Math.floor(Date.now() / 1_000) * 1_000);
      const files = simulatedRawFiles(join(directory, 'raw'));
      const raw = reader.container('data', outputs.rawContainer);
      await dropRawFiles(reader, raw, files);
      reader.listen(startedAt);

      const old = { pem: '', refusalsBefore: 0, since: '' };
      const operations: Record<string, readonly string[]> = {};
      async function rotation(): Promise<void> {
        old.pem = mounted();
        old.since = new Date().toISOString();
        old.refusalsBefore = region.context.gate.denials.length;
        // The next delivery is under way meanwhile.
        await dropRawFiles(reader, raw, sisterMachineFiles(join(directory, 'raw'), 1));
        operations['next'] = await up({ certificateSerial: 2 });
        expect([thumbprint() === new X509Certificate(old.pem).fingerprint256.replaceAll(':', ''), registered()]).toEqual([true, 2]);
        await until(
          'the site has gone over',
          () => mounted() !== old.pem && logOf('model-manager').some(({ message }) => message === 'IoT Hub certificate taken up'),
        );
        operations['last'] = await up({ certificateSerial: 2, certificateOverlap: false });
        expect(registered()).toBe(1);
        await until(
          'the delivery that was under way has ended',
          async () => (await deliveries()).filter(({ state }) => state === 'Success').length === 2,
        );
      }

      const rounds = emptyRounds();
      await runRounds(
        {
          region,
          reader,
          monitor,
          site,
          rounds: 1,
          startedAt,
          replayedBefore: 0,
          onReplay: () => undefined,
          rawFiles: files,
          rawBlobs: rawBlobNames(outputs.dataset, files),
          deliver: async () => [],
          signal: never,
          events: { phase: () => undefined, waiting: () => undefined, step: () => undefined },
          async replay(console, _manifest, _files, round) {
            const results: ReplayResult[] = [];
            const state = { over: false };
            const rotating = rotation().finally(() => (state.over = true));
            rotating.catch(() => undefined);
            for (const stretch of littleByLittle()) {
              if (state.over) break;
              results.push(await replayStretch(console, stretch, round));
            }
            await rotating;
            return results;
          },
        },
        rounds,
      );
      expect(rounds.steps.filter(({ ok }) => !ok)).toEqual([]);

      const telemetry = await telemetryReturn(region.containerApps.volumes('site'), monitor, never);
      const statesSent = logOf('model-manager').filter(({ message }) => message === 'delivery state').length;
      await until('all states of deliveries', () => new Set(states).size >= statesSent);
      const messages = { sent: statesSent, arrived: states.length, distinct: new Set(states).size };
      process.stdout.write(
        `rotation through a stack, sent/arrived/distinct: ${Object.entries({
          logs: telemetry.logs,
          metrics: telemetry.metrics,
          records: rounds.landed,
          'device messages': messages,
        })
          .map(([what, of]) => `${what} ${of.sent}/${of.arrived}/${of.distinct}`)
          .join(', ')}\n`,
      );
      expect([telemetry.logs.distinct, telemetry.metrics.distinct, rounds.landed.distinct, messages.distinct]).toEqual([
        telemetry.logs.sent,
        telemetry.metrics.sent,
        rounds.landed.sent,
        messages.sent,
      ]);
      expect([telemetry.metrics.sent > 500, rounds.landed.sent > 2_000, messages.sent > 8]).toEqual([true, true, true]);

      // Nobody was turned away: what is refused is sent again and so does not show in the counts.
      expect(region.context.gate.denials.slice(old.refusalsBefore)).toEqual([]);
      const turnedAway = /not passed on|no new access token|not uploaded|cannot be reached|not taken up/;
      for (const program of ['auth-proxy-ingestion', 'auth-proxy-metrics', 'data-collector-hub', 'model-manager']) {
        expect([program, logOf(program).filter(({ time, message }) => time >= old.since && turnedAway.test(message ?? ''))]).toEqual([
          program,
          [],
        ]);
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

      const oldFile = join(directory, 'old.pem');
      writeFileSync(oldFile, old.pem, { mode: 0o600 });
      const credential = new ClientCertificateCredential(
        region.tenantId,
        siteClientId,
        { certificatePath: oldFile },
        { authorityHost: region.entra.authorityHost, disableInstanceDiscovery: true },
      );
      await expect(credential.getToken('https://monitor.azure.com/.default')).rejects.toThrow(/AADSTS700027/);
      const keyPair = async () => ({ certificatePem: new X509Certificate(old.pem).toString(), privateKeyPem: old.pem });
      await expect(connectDevice({ host: outputs.iotHubHost, deviceId: outputs.deviceId, keyPair })).rejects.toThrow(/Not authorized/);
    } finally {
      for (const close of closing.reverse()) await close().catch(() => undefined);
    }
  },
);
