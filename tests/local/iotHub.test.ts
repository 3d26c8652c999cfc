import * as tls from 'node:tls';
import { registerDevice } from '../../deploy-programs/register-device/registerDevice';
import { iotHubRegistry } from '../../deploy-programs/register-device/iotHubRegistry';
import { connectDevice, type HubMessage } from '../../edge-sim/model-manager/hubConnection';
import { EventHubs } from '../../local-azure/event-hubs/eventHubs';
import { IotHub } from '../../local-azure/iot-hub/iotHub';
import { armId } from '../../local-azure/region/armId';
import type { Directory } from '../../local-azure/region/serviceInterfaces';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { eventHubConsumer } from '../../pipeline-code/clients/eventHubs';
import { c2dErrorName, openC2dSender, type C2dSender } from '../../pipeline-code/clients/iotHub';
import { deviceCertificate, type DeviceCertificate } from './deviceCertificate';
import { allEvents, command, deliveryIds, deviceDescription, receivingDevice } from './hubDevices';
import { roles, testRegion, until, type TestRegion } from './messaging';

const namespaceId = armId('rg', 'Microsoft.EventHub/namespaces', 'events');
const eventHubId = `${namespaceId}/eventhubs/device-messages`;
const hubId = armId('rg', 'Microsoft.Devices/IotHubs', 'hub');
const routingIdentityId = armId('rg', 'Microsoft.ManagedIdentity/userAssignedIdentities', 'iot-hub');

let certificate: DeviceCertificate;
let otherCertificate: DeviceCertificate;
let region: TestRegion;
let eventHubs: EventHubs;
let iotHub: IotHub;
let service: Principal;
let routing: Principal;
const closing: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  certificate = await deviceCertificate('aimm');
  otherCertificate = await deviceCertificate('aimm');
});
beforeEach(async () => {
  region = await testRegion();
  service = region.principal('delivery');
  routing = region.principal('iot-hub');
  await startServices();
  await eventHubs.putNamespace(namespaceId, 'events');
  eventHubs.putEventHub({ id: eventHubId, namespaceId, name: 'device-messages', partitionCount: 2, retentionMs: 86_400_000 });
  await iotHub.putHub(hubId, 'hub', {
    routing: {
      endpoints: {
        eventHubs: [
          {
            name: 'out',
            authenticationType: 'identityBased',
            identity: { userAssignedIdentity: routingIdentityId },
            endpointUri: `sb://${eventHubs.host(namespaceId)}`,
            entityPath: 'device-messages',
          },
        ],
      },
      routes: [{ name: 'all', source: 'DeviceMessages', condition: 'true', endpointNames: ['out'], isEnabled: true }],
    },
  });
  region.assign(service, roles.iotHubDataContributor, hubId);
  region.assign(service, roles.eventHubsReceiver, eventHubId);
  iotHub.devices.put(hubId, 'aimm', deviceDescription(certificate.sha256), undefined);
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((one) => one.close().catch(() => undefined)));
  await stopServices();
  region.remove();
});

async function startServices() {
  const directory = { find: () => routing, managedIdentity: () => routing, remove: () => undefined } as unknown as Directory;
  eventHubs = new EventHubs(region.context);
  iotHub = new IotHub(region.context, { directory, ingress: eventHubs });
  await eventHubs.start();
  await iotHub.start();
}
async function stopServices() {
  await iotHub.stop();
  await eventHubs.stop();
}
async function connect(using = certificate, deviceId = 'aimm') {
  const device = await receivingDevice(iotHub.host(hubId), deviceId, using);
  closing.push(device);
  return device;
}
function sender(who = service): C2dSender {
  const opened = openC2dSender(iotHub.host(hubId), region.credential(who));
  closing.push(opened);
  return opened;
}
function deviceMessages() {
  const client = eventHubConsumer(
    { host: eventHubs.host(namespaceId), eventHub: 'device-messages', consumerGroup: '$Default' },
    region.credential(service),
  );
  closing.push(client);
  return allEvents(client);
}
const failureName = (work: Promise<unknown>) => work.then(() => 'accepted', c2dErrorName);
const refusals = () => region.context.gate.denials;

test('a command reaches the device with its properties, and its answer reaches Event Hubs with the sender on it', async () => {
  region.assign(routing, roles.eventHubsSender, eventHubId);
  const device = await connect();
  await sender().send('aimm', command('d-1'));
  await until(() => device.received.length === 1, 'the command');
  expect(device.received[0]).toMatchObject({
    messageId: 'id-d-1',
    contentType: 'application/json',
    properties: { type: 'event', kind: 'newDelivery', deliveryId: 'd-1' },
  });
  expect(JSON.parse(String(device.received[0]?.body))).toEqual({ text: 'd-1' });

  await device.sendEvent({
    properties: { type: 'state', deliveryId: 'd-1', 'we#ird/k': 'a+b&c=d é' },
    body: JSON.stringify({ state: 'Received' }),
    messageId: 'm-1',
  });
  const events = deviceMessages();
  await until(() => events.length === 1, 'the state');
  expect(events[0]).toMatchObject({
    body: { state: 'Received' },
    properties: { type: 'state', deliveryId: 'd-1', 'we#ird/k': 'a+b&c=d é' },
    contentType: 'application/json',
    messageId: 'm-1',
  });
  expect(events[0]?.systemProperties).toMatchObject({ 'iothub-connection-device-id': 'aimm', 'iothub-message-source': 'Telemetry' });
});

test('a device takes up another certificate beside the present one; one that the hub does not know leaves the connection as it is', async () => {
  region.assign(routing, roles.eventHubsSender, eventHubId);
  const files = { current: certificate };
  const device = await connectDevice({
    host: iotHub.host(hubId),
    deviceId: 'aimm',
    keyPair: async () => files.current,
    certificateCheckMs: 50,
  });
  closing.push(device);
  const [states, received]: [string[], HubMessage[]] = [[], []];
  device.onState((state) => states.push(state));
  device.onMessage((message) => void received.push(message));
  files.current = otherCertificate;
  await until(() => states.includes('certificate not taken up'), 'the refusal');
  expect(states).not.toContain('disconnected');
  await sender().send('aimm', command('d-1'));
  await until(() => received.length === 1, 'a command over the present connection');
  await device.sendEvent({ properties: { n: '1' }, body: '{}', messageId: 'm-1' });
  iotHub.devices.put(
    hubId,
    'aimm',
    {
      ...deviceDescription(certificate.sha256),
      authentication: {
        type: 'selfSigned',
        x509Thumbprint: { primaryThumbprint: certificate.sha256, secondaryThumbprint: otherCertificate.sha256 },
      },
    },
    '*',
  );
  const sent = Promise.all(
    [2, 3, 4, 5].map(async (n) => {
      await new Promise((resolve) => setTimeout(resolve, n * 150));
      await device.sendEvent({ properties: { n: String(n) }, body: '{}', messageId: `m-${n}` });
    }),
  );
  await until(() => states.includes('certificate taken up'), 'the next certificate');
  iotHub.devices.put(hubId, 'aimm', deviceDescription(otherCertificate.sha256), '*');
  await sent;
  await sender().send('aimm', command('d-2'));
  await until(() => received.length === 2, 'a command over the next connection');
  const events = deviceMessages();
  await until(() => events.length === 5, 'all messages');
  expect(events.map(({ messageId }) => messageId).sort()).toEqual(['m-1', 'm-2', 'm-3', 'm-4', 'm-5']);
  expect(states).not.toContain('disconnected');
});

test('device messages wait for the role of the hub, and arrive in order once it is there', async () => {
  const device = await connect();
  await device.sendEvent({ properties: { n: '1' }, body: '{}' });
  await device.sendEvent({ properties: { n: '2' }, body: '{}' });
  await until(() => refusals().length > 0, 'a refusal at the gate');
  expect(refusals()[0]).toMatchObject({
    identity: 'iot-hub',
    action: 'Microsoft.EventHub/namespaces/messages/send/action',
    scope: eventHubId,
  });
  region.assign(routing, roles.eventHubsSender, eventHubId);
  const events = deviceMessages();
  await until(() => events.length === 2, 'both messages');
  expect(events.map((event) => event.properties?.['n'])).toEqual(['1', '2']);
});

test('commands for an absent device wait, outlive a restart and arrive in order; an expired one does not; the sender goes on', async () => {
  const out = sender();
  await out.send('aimm', command('one'));
  await out.send('aimm', command('gone', { expiryTimeMs: Date.now() + 100 }));
  await out.send('aimm', command('two'));
  await new Promise((resolve) => setTimeout(resolve, 150));
  await stopServices();
  region = await region.reopen();
  await startServices();
  await out.send('aimm', command('three'));
  const device = await connect();
  await until(() => device.received.length === 3, 'all commands');
  expect(deliveryIds(device.received)).toEqual(['one', 'two', 'three']);
});

test('a device that comes back finds its subscription and what was sent meanwhile, and nothing twice', async () => {
  const first = await connect();
  await sender().send('aimm', command('before'));
  await until(() => first.received.length === 1, 'the first command');
  await first.close();
  await sender().send('aimm', command('while away'));
  const second = await connect();
  await until(() => second.received.length === 1, 'the second command');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(deliveryIds(second.received)).toEqual(['while away']);
});

test.each([
  ['an unknown certificate', async () => connect(otherCertificate)],
  ['an unknown device', async () => connect(certificate, 'stranger')],
  [
    'a disabled device',
    async () => {
      iotHub.devices.put(hubId, 'aimm', deviceDescription(certificate.sha256, 'aimm', 'disabled'), '*');
      return connect();
    },
  ],
  [
    'an expired certificate',
    async () => {
      const expired = await deviceCertificate('aimm', -1_000);
      iotHub.devices.put(hubId, 'aimm', deviceDescription(expired.sha256), '*');
      return connect(expired);
    },
  ],
])('%s is refused', async (_, attempt) => {
  await expect(attempt()).rejects.toThrow(/Not authorized/);
});

test('a SHA-1 thumbprint is as good, and a changed identity ends the connection until it is changed back', async () => {
  iotHub.devices.put(hubId, 'aimm', deviceDescription(certificate.sha1), '*');
  const device = await connect();
  const states: string[] = [];
  device.onState((state) => void states.push(state));
  const credential = region.credential(service);
  const register = (thumbprint: string) =>
    registerDevice.update(
      { IOT_HUB_HOST: iotHub.host(hubId), DEVICE_ID: 'aimm', PRIMARY_THUMBPRINT: thumbprint, ROLE_ASSIGNMENT_WAIT_SECONDS: '0' },
      credential,
    );
  const connectionState = async () => (await iotHubRegistry(iotHub.host(hubId), credential).get('aimm')).responseBody.connectionState;
  expect(await connectionState()).toBe('Connected');
  await register(otherCertificate.sha256);
  expect(await connectionState()).toBe('Disconnected');
  await register(certificate.sha256);
  await until(() => states.includes('connected'), 'the device to come back by itself');
});

test('sending needs the role, a registered device, room in the queue and a message that fits', async () => {
  expect(await failureName(sender(region.principal('stranger')).send('aimm', command('x')))).toBe('UnauthorizedError');
  expect(refusals().at(-1)).toMatchObject({
    identity: 'stranger',
    action: 'Microsoft.Devices/IotHubs/cloudToDeviceMessages/send/action',
    scope: hubId,
  });
  const out = sender();
  expect(await failureName(out.send('nobody', command('x')))).toBe('DeviceNotFoundError');
  expect(await failureName(out.send('aimm', command('x', { body: Buffer.alloc(65_537) })))).toBe('MessageTooLargeError');
  for (let n = 0; n < 50; n++) await out.send('aimm', command(String(n)));
  expect(await failureName(out.send('aimm', command('51')))).toBe('DeviceMaximumQueueDepthExceededError');
});

test('the deploy command registers, changes and deletes a device, and doing it again changes nothing', async () => {
  const environment = {
    IOT_HUB_HOST: iotHub.host(hubId),
    DEVICE_ID: 'plant-1',
    PRIMARY_THUMBPRINT: certificate.sha256,
    ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
  };
  const run = (action: keyof typeof registerDevice, more: Record<string, string> = {}) =>
    registerDevice[action]({ ...environment, ...more }, region.credential(service));
  expect(
    [
      await run('create'),
      await run('create'),
      await run('update', { SECONDARY_THUMBPRINT: otherCertificate.sha1 }),
      await run('delete'),
      await run('delete'),
    ].map((one) => one.status),
  ).toEqual(['created', 'unchanged', 'updated', 'deleted', 'absent']);
  const stranger = region.credential(region.principal('stranger'));
  await expect(registerDevice.create(environment, stranger)).rejects.toMatchObject({ statusCode: 401 });
  const late = region.principal('late');
  setTimeout(() => region.assign(late, roles.iotHubRegistryContributor, hubId), 300);
  expect(await registerDevice.create({ ...environment, ROLE_ASSIGNMENT_WAIT_SECONDS: '10' }, region.credential(late))).toEqual({
    deviceId: 'plant-1',
    status: 'created',
  });
});

test('the genuine registry reads devices and is told why a device with a key is refused', async () => {
  const registry = iotHubRegistry(iotHub.host(hubId), region.credential(service));
  const known = (await registry.get('aimm')).responseBody;
  expect(known).toMatchObject({
    deviceId: 'aimm',
    status: 'enabled',
    connectionState: 'Disconnected',
    authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: certificate.sha256 } },
  });
  await expect(registry.create({ deviceId: 'with-key' })).rejects.toThrow(/never with keys/);
  await expect(registry.get('missing')).rejects.toMatchObject({ name: 'DeviceNotFoundError' });
});

test.each([
  ['AMQP', Buffer.concat([Buffer.from('AMQP\x00\x01\x00\x00'), Buffer.from([0, 0, 0, 12, 2, 0, 0, 0, 0x00, 0x53, 0x99, 0xc1])])],
  ['MQTT', Buffer.concat([Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(500_000, 0x41)])],
  ['MQTT before its CONNECT', Buffer.from([0x10, 0x00, 0xc0, 0x00, 0x30, 0x03, 0x00, 0x01, 0x61])],
  ['HTTP', Buffer.from('GARBAGE \r\n\r\n')],
])('bytes that are no %s end their connection and nothing else', async (_, bytes) => {
  const device = await connect();
  const socket = tls.connect({ host: 'localhost', port: Number(iotHub.host(hubId).split(':')[1]), ca: region.context.tls.ca });
  let ended = false;
  socket
    .on('error', () => undefined)
    .on('close', () => (ended = true))
    .on('data', () => undefined);
  socket.on('end', () => (ended = true));
  socket.on('secureConnect', () => socket.write(bytes));
  await until(() => ended, 'the end of the connection', 12_000);
  socket.destroy();
  await sender().send('aimm', command('still here'));
  await until(() => device.received.length === 1, 'a command');
  expect(deliveryIds(device.received)).toEqual(['still here']);
});
