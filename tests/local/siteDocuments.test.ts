import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientCertificateCredential } from '@azure/identity';
import { connectAsync, type MqttClient } from 'mqtt';
import { create } from '../../commands/certificate/actions';
import { documents } from '../../commands/certificate/documents';
import { SiteKeys } from '../../commands/certificate/siteKeys';
import { MonitorReader } from '../../loop/monitorReader';
import { hubTransports, type HubTransport, type ModelManagerDocument, type ModelMonitorDocument } from '../../contracts/siteDocuments';
import { itemIdAttribute } from '../../contracts/telemetry';
import { tenantId } from '../../local-azure/region/regionContext';
import { openC2dSender } from '../../pipeline-code/clients/iotHub';
import { attackedRegion, ids, instrumentationKey, type AttackedRegion } from './support/attackedRegion';
import { until } from './support/testRegion';

let region: AttackedRegion;
let folder: string;
let keys: SiteKeys;
let clientId: string;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  region = await attackedRegion();
  folder = mkdtempSync(join(tmpdir(), 'site-documents-'));
  keys = new SiteKeys(folder);
  await create(keys, undefined, 'aimm', new Date());
  region.register('aimm', keys.current().thumbprint);
  const site = region.application('site', keys.current().certificate.toString());
  ({ clientId } = site);
  region.assign(site.principal, 'monitoringMetricsPublisher', ids.insights);
  region.assign(region.identity('delivery'), 'cloudToDeviceSender', ids.hub);
  region.assign(region.identity('reader'), 'monitoringReader', ids.insights);
});
afterAll(async () => {
  for (const close of closing.reverse()) await close().catch(() => undefined);
  await region.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What the site gets: the texts of the two files. */
function written(transport: HubTransport): { manager: ModelManagerDocument; monitor: ModelMonitorDocument } {
  const outputs = {
    iotHubHost: region.hubHost,
    deviceId: 'aimm',
    siteClientId: clientId,
    siteTenantId: tenantId,
    siteInstrumentationKey: instrumentationKey,
    siteIngestionHost: new URL(region.region.monitor.endpoint).host,
  };
  documents(
    keys,
    undefined,
    { outputs, transport, buildNumber: '1', authorities: { bundled: [], trusted: [region.context.tls.ca] } },
    new Date(),
  );
  const read = (which: string) => JSON.parse(readFileSync(join(folder, `Model-${which}-aimm-Configuration.json`), 'utf8')) as never;
  return { manager: read('Manager'), monitor: read('Monitor') };
}
/** An ordinary MQTT client that knows the document and nothing else. */
async function connect({
  endpoint,
  ca_cert: ca,
  client_id,
  username,
  x509_certificate: cert,
  x509_private_key: key,
}: ModelManagerDocument): Promise<MqttClient> {
  // MQTT.js has another name for the same.
  const client = await connectAsync(
    endpoint.replace(/^tls:/, 'mqtts:'),
    { ca, cert, key, clientId: client_id, username, protocolVersion: 4, clean: false, reconnectPeriod: 0 },
    false,
  );
  closing.push(() => client.endAsync(true));
  return client;
}

it.each(hubTransports)(
  'the document of the AI Model Manager is all that a client needs to hear and to speak over %s',
  async (transport) => {
    const { manager } = written(transport);
    const client = await connect(manager);
    const heard: { topic: string; body: string }[] = [];
    client.on('message', (topic, body) => void heard.push({ topic, body: body.toString() }));
    await client.subscribeAsync(`${manager.topic_prefix}/messages/devicebound/#`, { qos: 1 });
    const sender = await openC2dSender(region.hubHost, region.credential(region.identity('delivery')));
    closing.push(() => sender.close());
    await sender.send('aimm', {
      properties: { type: 'event', kind: 'newDelivery', deliveryId: transport },
      body: Buffer.from('{"packageId":"p"}'),
      contentType: 'application/json',
      messageId: transport,
    });
    await until(() => heard.length > 0, 'a message from the cloud');
    expect(heard).toEqual([
      {
        topic: expect.stringMatching(new RegExp(`^devices/aimm/messages/devicebound/.*kind=newDelivery&deliveryId=${transport}`)) as string,
        body: '{"packageId":"p"}',
      },
    ]);

    const routed: string[] = [];
    const passOn = region.region.eventHubs.send.bind(region.region.eventHubs);
    const spy = jest.spyOn(region.region.eventHubs, 'send').mockImplementation(async (hub, event, as) => {
      await passOn(hub, event, as);
      routed.push(String(event.systemProperties['message_id']));
    });
    await client.publishAsync(
      `${manager.topic_prefix}/messages/events/type=state&deliveryId=${transport}&%24.mid=${transport}`,
      '{"state":"Success"}',
      { qos: 1 },
    );
    await until(() => routed.includes(transport), 'the state in the event hub');
    spy.mockRestore();
    await client.endAsync();
  },
  60_000,
);

it('nobody connects over a WebSocket without the certificate, and the hub serves no other path and protocol', async () => {
  const { manager } = written('wss');
  const refusals = await region.refusals(async () => {
    await expect(
      connectAsync(
        manager.endpoint,
        { ca: manager.ca_cert, clientId: manager.client_id, username: manager.username, protocolVersion: 4, reconnectPeriod: 0 },
        false,
      ),
    ).rejects.toThrow(/Not authorized/);
  });
  expect(refusals.at(-1)).toMatchObject({ service: 'iot-hub', identity: 'device aimm', reason: 'no client certificate was presented' });
  await expect(connect({ ...manager, endpoint: manager.endpoint.replace('iothub/websocket', 'iothub/else') })).rejects.toThrow(
    /Couldn't connect/,
  );
});

it('the document of the AI Model Monitor is all that a client needs to sign in and to send telemetry', async () => {
  const { monitor } = written('tls');
  const { authorityHost } = region.region.entra;
  const credential = new ClientCertificateCredential(
    monitor.TenantId,
    monitor.ClientId,
    { certificate: monitor.PrivateKey },
    { authorityHost, disableInstanceDiscovery: true },
  );
  const { token } = await credential.getToken('https://monitor.azure.com/.default');
  const envelope = {
    name: 'Message',
    time: new Date().toISOString(),
    iKey: monitor.InstrumentationKey,
    data: { baseType: 'MessageData', baseData: { ver: 2, message: 'from the document', properties: { [itemIdAttribute]: 'item-1' } } },
  };
  const send = (authorization: Record<string, string>) =>
    fetch(new URL('v2.1/track', monitor.IngestionEndpoint), {
      method: 'POST',
      body: JSON.stringify([envelope]),
      headers: { 'content-type': 'application/json', ...authorization },
    });
  expect((await send({})).status).toBe(401);
  const answer = await send({ authorization: `Bearer ${token}` });
  expect(await answer.json()).toMatchObject({ itemsReceived: 1, itemsAccepted: 1 });
  const reader = new MonitorReader(
    {
      applicationInsightsId: ids.insights,
      logsQueryEndpoint: `${region.region.monitor.endpoint}/v1`,
      metricsQueryEndpoint: region.region.monitor.endpoint,
    },
    region.credential(region.identity('reader')),
  );
  expect((await reader.traces({})).map(({ labels }) => labels[itemIdAttribute])).toEqual(['item-1']);
});
