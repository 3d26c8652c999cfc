import { connect as connectTls } from 'node:tls';
import { ContainerRegistryContentClient } from '@azure/container-registry';
import { connect as connectMqtt, type IClientOptions, type MqttClient } from 'mqtt';
import { connectDevice, type HubConnection } from '../../../edge-sim/model-manager/hubConnection';
import { openC2dSender } from '../../../pipeline-code/clients/iotHub';
import type { DeviceCertificate } from '../support/deviceCertificate';
import { until } from '../support/testRegion';
import { attackedRegion, ids, type AttackedRegion } from '../support/attackedRegion';

let attacked: AttackedRegion;
let mine: DeviceCertificate;
let others: DeviceCertificate;
const closing: { close(): Promise<unknown> }[] = [];
beforeAll(async () => {
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  attacked = await attackedRegion();
  [mine, others] = [await attacked.certificate('aimm'), await attacked.certificate('other')];
  attacked.assign(attacked.identity('delivery'), 'cloudToDeviceSender', ids.hub);
});
beforeEach(() => {
  attacked.register('aimm', mine.sha256);
  attacked.register('other', others.sha256);
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((one) => one.close().catch(() => undefined)));
});
afterAll(() => attacked.stop());

const device = async (certificate: DeviceCertificate, deviceId: string): Promise<HubConnection> => {
  const connection = await connectDevice({ host: attacked.hubHost, deviceId, keyPair: async () => certificate });
  closing.push(connection);
  return connection;
};
/** A device that writes its own packets, so that it may say what the SDK never would. */
const bareDevice = (
  certificate: DeviceCertificate | undefined,
  clientId: string,
  username = `${attacked.hubHost}/${clientId}/?api-version=2021-04-12`,
) =>
  new Promise<MqttClient>((resolve, reject) => {
    const options: IClientOptions = {
      clientId,
      username,
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: 5_000,
      ca: attacked.context.tls.ca,
      ...(certificate ? { cert: certificate.certificatePem, key: certificate.privateKeyPem } : {}),
    };
    const client = connectMqtt(`mqtts://${attacked.hubHost}`, options);
    closing.push({ close: () => client.endAsync(true) });
    client.once('connect', () => resolve(client)).once('error', reject);
  });
const refusedWith = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: Error) => error.message,
  );

describe('a device signs in', () => {
  it('with its primary and with its secondary certificate, and with neither once both are gone', async () => {
    const next = await attacked.certificate('aimm');
    attacked.register('aimm', mine.sha256, { secondary: next.sha256 });
    for (const one of [mine, next]) await (await device(one, 'aimm')).close();
    attacked.register('aimm', next.sha256, { secondary: next.sha256 });
    let answer = '';
    const refusals = await attacked.refusals(async () => void (answer = await refusedWith(device(mine, 'aimm'))));
    expect(answer).toMatch(/Not authorized/);
    expect(refusals[0]).toMatchObject({
      service: 'iot-hub',
      status: 401,
      identity: 'device aimm',
      action: 'connect',
      scope: `${ids.hub}/devices/aimm`,
      reason: expect.stringMatching(/not registered/) as string,
    });
  });

  it.each([
    ['with the certificate of another', () => device(others, 'aimm')],
    ['under a name that nobody registered', () => device(mine, 'stranger')],
    ['without a certificate', () => bareDevice(undefined, 'aimm')],
    [
      'under the name of another, in the user name only',
      () => bareDevice(mine, 'other', `${attacked.hubHost}/aimm/?api-version=2021-04-12`),
    ],
    [
      'when it is disabled',
      () => {
        attacked.register('aimm', mine.sha256, { status: 'disabled' });
        return device(mine, 'aimm');
      },
    ],
  ])('never %s', async (_, attack) => {
    let answer = '';
    const refusals = await attacked.refusals(async () => void (answer = await refusedWith(attack())));
    expect(answer).not.toBe('accepted');
    expect(refusals[0]).toMatchObject({ service: 'iot-hub', status: 401, action: 'connect' });
  });

  it('once: who comes last stays, the one before is disconnected, and only the last gets what is sent', async () => {
    const first = await bareDevice(mine, 'aimm');
    let gone = false;
    first.once('close', () => (gone = true));
    const second = await device(mine, 'aimm');
    const received: string[] = [];
    second.onMessage(({ messageId }) => void received.push(messageId ?? ''));
    await until(() => gone, 'the end of the first connection');
    const sender = openC2dSender(attacked.hubHost, attacked.credential(attacked.identity('delivery')));
    closing.push(sender);
    await sender.send('aimm', { messageId: 'm-1', body: Buffer.from('{}'), properties: {}, contentType: 'application/json' });
    await until(() => received.length === 1, 'the command');
    expect(received).toEqual(['m-1']);
  });
});

describe('a device', () => {
  it.each([
    [
      'publishes as another',
      (client: MqttClient) => client.publish('devices/other/messages/events/', '{"state":"Success"}', { qos: 1 }),
      'publish',
    ],
    ['publishes commands', (client: MqttClient) => client.publish('devices/other/messages/devicebound/', '{}', { qos: 1 }), 'publish'],
    [
      'listens to the commands of another',
      (client: MqttClient) => client.subscribe('devices/other/messages/devicebound/#', { qos: 1 }),
      'subscribe',
    ],
    ['listens to everybody', (client: MqttClient) => client.subscribe('devices/+/messages/devicebound/#', { qos: 1 }), 'subscribe'],
    ['listens to everything', (client: MqttClient) => client.subscribe('#', { qos: 1 }), 'subscribe'],
  ])('that %s is refused, and nobody hears of it', async (_, attack, action) => {
    const arrived = attacked.region.eventHubs.send.bind(attacked.region.eventHubs);
    const sent: unknown[] = [];
    const spied = jest.spyOn(attacked.region.eventHubs, 'send').mockImplementation(async (...given) => {
      sent.push(given);
      await arrived(...given);
    });
    const client = await bareDevice(mine, 'aimm');
    client.on('error', () => undefined);
    const heard: string[] = [];
    client.on('message', (topic) => void heard.push(topic));
    const refusals = await attacked.refusals(async () => void attack(client));
    expect(refusals[0]).toMatchObject({
      service: 'iot-hub',
      status: 403,
      identity: 'device aimm',
      action,
      scope: `${ids.hub}/devices/aimm`,
    });
    const sender = openC2dSender(attacked.hubHost, attacked.credential(attacked.identity('delivery')));
    closing.push(sender);
    await sender.send('other', { messageId: 'for the other', body: Buffer.from('{}'), properties: {}, contentType: 'application/json' });
    const other = await device(others, 'other');
    const itsOwn: string[] = [];
    other.onMessage(({ messageId }) => void itsOwn.push(messageId ?? ''));
    await until(() => itsOwn.length > 0, 'the command of the other device');
    expect(heard).toEqual([]);
    expect(sent).toEqual([]);
    spied.mockRestore();
  });

  it('gets nothing from the services of the hub for its certificate', async () => {
    const known = attacked.region.iotHub.devices.get(ids.hub, 'other');
    const call = (method: string, path: string) =>
      new Promise<string>((resolve, reject) => {
        const [host = '', port] = attacked.hubHost.split(':');
        const socket = connectTls({
          host,
          port: Number(port),
          ca: attacked.context.tls.ca,
          cert: mine.certificatePem,
          key: mine.privateKeyPem,
        });
        const chunks: Buffer[] = [];
        socket
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () => resolve(Buffer.concat(chunks).toString()))
          .on('error', reject);
        socket.on('secureConnect', () =>
          socket.write(
            `${method} ${path}?api-version=2021-04-12 HTTP/1.1\r\nhost: hub\r\nif-match: *\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
          ),
        );
      });
    const answers: string[] = [];
    const refusals = await attacked.refusals(
      async () =>
        void answers.push(await call('GET', '/devices/other'), await call('GET', '/devices'), await call('DELETE', '/devices/other')),
    );
    expect(answers.map((answer) => answer.split(' ')[1])).toEqual(['401', '401', '401']);
    expect(refusals.map(({ action, scope }) => [action, scope])).toEqual(
      ['read', 'read', 'delete'].map((verb) => [`Microsoft.Devices/IotHubs/devices/${verb}`, ids.hub]),
    );
    expect(attacked.region.iotHub.devices.get(ids.hub, 'other')).toEqual(known);
  });
});

describe('the registry', () => {
  const content = (who: string) =>
    new ContainerRegistryContentClient(`https://${attacked.loginServer}`, 'models/pump', attacked.credential(attacked.identity(who)), {
      retryOptions: { maxRetries: 0 },
    });
  it.each(['acrPull', undefined] as const)('takes nothing from an identity with the role %s', async (role) => {
    const who = `with ${role ?? 'no role'}`;
    if (role !== undefined) attacked.assign(attacked.identity(who), role, ids.registry);
    const attempts: string[] = [];
    const refusals = await attacked.refusals(async () => {
      attempts.push(await refusedWith(content(who).uploadBlob(Buffer.from('mine'))));
      attempts.push(
        await refusedWith(
          content(who).setManifest(
            {
              schemaVersion: 2,
              mediaType: 'application/vnd.oci.image.manifest.v1+json',
              config: { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 1 },
              layers: [],
            },
            { tag: '1' },
          ),
        ),
      );
    });
    expect(attempts.every((one) => one.includes('UNAUTHORIZED'))).toBe(true);
    expect(
      refusals.some(
        ({ identity, action, scope }) => identity === who && action.includes('registries/push/write') && scope === ids.registry,
      ),
    ).toBe(true);
    attacked.assign(attacked.identity('looker'), 'acrPull', ids.registry);
    expect(await refusedWith(content('looker').getManifest('1'))).toMatch(/MANIFEST_UNKNOWN|NAME_UNKNOWN/);
    attacked.context.roles.unassign(
      `${ids.registry}/providers/Microsoft.Authorization/roleAssignments/${attacked.identity('looker').objectId}-acrPull`,
    );
  });
});
