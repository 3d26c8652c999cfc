import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rotate } from '../../commands/certificate/actions';
import { keyFiles, SiteKeys } from '../../commands/certificate/siteKeys';
import { registerDevice } from '../../deploy-programs/register-device/registerDevice';
import { MonitorReader } from '../../loop/monitorReader';
import { itemIdAttribute } from '../../contracts/telemetry';
import { startAuthProxy } from '../../edge-sim/auth-proxy/authProxy';
import { connectDevice } from '../../edge-sim/model-manager/hubConnection';
import type { Running } from '../../contracts/program/run';
import { tenantId } from '../../local-azure/region/regionContext';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { attackedRegion, ids, instrumentationKey, type AttackedRegion } from './support/attackedRegion';
import { until } from './support/testRegion';
import { freePort } from './support/siteProcesses';

let region: AttackedRegion;
let folder: string;
let keys: SiteKeys;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  region = await attackedRegion();
  folder = mkdtempSync(join(tmpdir(), 'site-keys-'));
  keys = new SiteKeys(folder);
});
afterAll(async () => {
  for (const close of closing.reverse()) await close().catch(() => undefined);
  await region.stop();
  rmSync(folder, { recursive: true, force: true });
});

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));
/** Does something over and over; what failed is done again under the same id, as the disk queues do. */
function steadily(send: (id: string) => Promise<unknown>) {
  const sent = new Set<string>();
  const state = { stopped: false, failures: 0 };
  closing.push(async () => (state.stopped = true));
  const done = (async () => {
    while (!state.stopped) {
      const id = randomUUID();
      let answered = false;
      for (let again = true; again && !state.stopped;) {
        await send(id).then(
          () => (again = !(answered = true)),
          async () => {
            state.failures++;
            await pause(50);
          },
        );
      }
      if (answered) sent.add(id);
      await pause(5);
    }
  })();
  return {
    sent,
    state,
    stop: async () => {
      state.stopped = true;
      await done;
    },
  };
}

/** The auth proxy of the site, with the certificate that its file holds at the time. */
async function startProxy(clientId: string): Promise<number> {
  const port = await freePort();
  const proxy: Running = await startAuthProxy(
    {
      port,
      target: new URL(region.region.monitor.endpoint).host,
      scope: 'https://monitor.azure.com/.default',
      refreshPercentage: 10,
      certificateCheckMs: 100,
      identity: {
        tenantId,
        clientId,
        certificatePath: join(folder, keyFiles.current),
        authorityHost: region.region.entra.authorityHost,
        disableInstanceDiscovery: true,
      },
    },
    () => undefined,
  );
  closing.push(() => proxy.close());
  return port;
}

async function sendTrace(port: number, id: string): Promise<void> {
  const envelope = {
    name: 'Message',
    time: new Date().toISOString(),
    iKey: instrumentationKey,
    data: { baseType: 'MessageData', baseData: { ver: 2, message: 'm', properties: { [itemIdAttribute]: id } } },
  };
  const answer = await fetch(`http://127.0.0.1:${port}/v2.1/track`, {
    method: 'POST',
    body: JSON.stringify([envelope]),
    headers: { 'content-type': 'application/json' },
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`ingestion answered ${answer.status}`);
}

/** Ids of the device messages that the event hubs have taken. */
function arrivals(): string[] {
  const arrived: string[] = [];
  const passOn = region.region.eventHubs.send.bind(region.region.eventHubs);
  jest.spyOn(region.region.eventHubs, 'send').mockImplementation(async (hub, event, as) => {
    await passOn(hub, event, as);
    arrived.push(String(event.systemProperties['message_id']));
  });
  return arrived;
}

/** Ids of the log lines that are in Application Insights. */
async function tracesReadBy(reader: Principal): Promise<string[]> {
  const monitor = new MonitorReader(
    {
      applicationInsightsId: ids.insights,
      logsQueryEndpoint: `${region.region.monitor.endpoint}/v1`,
      metricsQueryEndpoint: region.region.monitor.endpoint,
    },
    region.credential(reader),
  );
  return (await monitor.traces({})).map(({ labels }) => labels[itemIdAttribute] ?? '');
}

it('the certificate is rotated while telemetry and device messages flow: nothing is lost, and the old one counts no more', async () => {
  const first = await keys.make('current', 'aimm', new Date());
  const { objectId, clientId, principal } = region.application('site', readFileSync(join(folder, keyFiles.current), 'utf8'));
  region.assign(principal, 'monitoringMetricsPublisher', ids.insights);
  region.assign(region.identity('deployer'), 'iotHubRegistryContributor', ids.hub);
  const reader = region.identity('reader');
  region.assign(reader, 'monitoringReader', ids.insights);
  const { applications } = region.region.entra;
  const register = (primary: string, secondary?: string) =>
    registerDevice[primary === first.thumbprint && secondary === undefined ? 'create' : 'update'](
      {
        IOT_HUB_HOST: region.hubHost,
        DEVICE_ID: 'aimm',
        PRIMARY_THUMBPRINT: primary,
        ...(secondary === undefined ? {} : { SECONDARY_THUMBPRINT: secondary }),
        ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
      },
      region.credential(region.identity('deployer')),
    );
  await register(first.thumbprint);

  const port = await startProxy(clientId);
  const telemetry = steadily((id) => sendTrace(port, id));
  const keyPair = async () => {
    const pem = readFileSync(join(folder, keyFiles.current), 'utf8');
    return { certificatePem: new X509Certificate(pem).toString(), privateKeyPem: pem };
  };
  const device = await connectDevice({ host: region.hubHost, deviceId: 'aimm', keyPair });
  closing.push(() => device.close());
  const arrived = arrivals();
  const messages = steadily((id) =>
    device.sendEvent({ properties: { type: 'state', deliveryId: id }, body: '{"state":"Received"}', messageId: id }),
  );
  const more = async () => {
    const before = [telemetry.sent.size, messages.sent.size];
    await until(
      () => telemetry.sent.size > (before[0] ?? 0) + 10 && messages.sent.size > (before[1] ?? 0) + 10,
      'telemetry and messages',
      40_000,
    );
  };

  await more();
  await rotate(keys, undefined, new Date());
  const next = keys.find('next');
  const added = applications.addCertificate(objectId, next?.certificate.toString() ?? '');
  await register(first.thumbprint, next?.thumbprint);
  await more();
  await rotate(keys, undefined, new Date());
  await more();
  for (const { keyId } of applications.application(objectId)?.certificates ?? [])
    if (keyId !== added.keyId) applications.removeCertificate(objectId, keyId);
  await register(next?.thumbprint ?? '');
  await more();
  await Promise.all([telemetry.stop(), messages.stop()]);

  const items = await tracesReadBy(reader);
  await until(() => new Set(arrived).size >= messages.sent.size, 'all messages');
  process.stdout.write(
    `rotation: telemetry sent ${telemetry.sent.size}, arrived ${items.length}, distinct ${new Set(items).size}; messages sent ${messages.sent.size}, arrived ${arrived.length}, distinct ${new Set(arrived).size}; tried again ${telemetry.state.failures} and ${messages.state.failures}\n`,
  );
  expect([...telemetry.sent].filter((id) => !items.includes(id))).toEqual([]);
  expect([...messages.sent].filter((id) => !arrived.includes(id))).toEqual([]);
  expect(keys.current().thumbprint).toBe(next?.thumbprint);

  const old = readFileSync(join(folder, keyFiles.previous), 'utf8');
  const refusals = await region.refusals(async () => {
    await expect(
      connectDevice({
        host: region.hubHost,
        deviceId: 'aimm',
        keyPair: async () => ({ certificatePem: new X509Certificate(old).toString(), privateKeyPem: old }),
      }),
    ).rejects.toThrow(/Not authorized/);
  });
  expect(refusals.some(({ service, reason }) => service === 'iot-hub' && reason.includes(first.thumbprint))).toBe(true);
}, 240_000);
