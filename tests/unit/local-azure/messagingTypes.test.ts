import { EventHubs } from '../../../local-azure/event-hubs/eventHubs';
import { IotHub } from '../../../local-azure/iot-hub/iotHub';
import { eventHubsTypes } from '../../../local-azure/event-hubs/eventHubsTypes';
import { iotHubTypes } from '../../../local-azure/iot-hub/iotHubTypes';
import type { Properties, ResourceType } from '../../../local-azure/region/resourceType';
import type { Directory } from '../../../local-azure/region/serviceInterfaces';
import { testRegion, type TestRegion } from '../../local/support/testRegion';

const identityId = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/iot-hub';
let region: TestRegion;
let eventHubs: EventHubs;
let iotHub: IotHub;

beforeEach(async () => {
  region = await testRegion();
  const directory: Directory = {
    find: (key) =>
      'resourceId' in key && key.resourceId === identityId ? { objectId: 'o', clientId: 'c', displayName: 'iot-hub' } : undefined,
    managedIdentity: () => ({ objectId: 'system', clientId: 'c', displayName: 'hub' }),
    remove: () => undefined,
  };
  eventHubs = new EventHubs(region.context);
  iotHub = new IotHub(region.context, { directory, ingress: eventHubs });
  await eventHubs.start();
  await iotHub.start();
});
afterEach(async () => {
  await iotHub.stop();
  await eventHubs.stop();
  region.remove();
});

const resource = (token: string): ResourceType =>
  [...eventHubsTypes(eventHubs).resources, ...iotHubTypes(iotHub).resources].find((one) => one.token === token) as ResourceType;
async function create(token: string, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
  const checked = resource(token).check({ name: 'x', inputs, preview: false });
  if (checked.failures.length > 0) throw new Error(checked.failures.map((one) => one.reason).join('; '));
  return resource(token).create({ name: 'x', urn: 'urn', inputs: checked.inputs });
}
const namespace = {
  resourceGroupName: 'rg',
  namespaceName: 'factory-events',
  location: 'westeurope',
  sku: { name: 'Standard', tier: 'Standard', capacity: 1 },
  disableLocalAuth: true,
};
const eventHub = {
  resourceGroupName: 'rg',
  namespaceName: 'factory-events',
  eventHubName: 'device-messages',
  partitionCount: 2,
  retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: 24 },
};
const hub = (more: { sku?: unknown; endpoint?: Properties } = {}) => ({
  resourceGroupName: 'rg',
  resourceName: 'factory-hub',
  location: 'westeurope',
  sku: more.sku ?? { name: 'S1', capacity: 1 },
  identity: { type: 'UserAssigned', userAssignedIdentities: [identityId] },
  properties: {
    disableLocalAuth: true,
    routing: {
      endpoints: {
        eventHubs: [
          {
            name: 'out',
            authenticationType: 'identityBased',
            identity: { userAssignedIdentity: identityId },
            endpointUri: 'sb://localhost:1',
            entityPath: 'device-messages',
            ...more.endpoint,
          },
        ],
      },
      routes: [{ name: 'all', source: 'DeviceMessages', condition: 'true', endpointNames: ['out'], isEnabled: true }],
    },
  },
});

test('a declared namespace, event hub and group answer as Azure does, and declaring them again changes nothing', async () => {
  const made = await create('azure-native:eventhub:Namespace', namespace);
  expect(made.outputs).toMatchObject({
    name: 'factory-events',
    status: 'Active',
    location: 'westeurope',
    serviceBusEndpoint: expect.stringMatching(/^https:\/\/localhost:\d+\/$/),
  });
  const { id, outputs } = await create('azure-native:eventhub:EventHub', eventHub);
  expect(id).toBe(`${made.id}/eventhubs/device-messages`);
  expect(outputs).toMatchObject({ name: 'device-messages', partitionIds: ['0', '1'], status: 'Active' });
  const group = await create('azure-native:eventhub:ConsumerGroup', {
    ...eventHub,
    partitionCount: undefined,
    retentionDescription: undefined,
    consumerGroupName: 'delivery',
  });
  expect(group.id).toBe(`${id}/consumergroups/delivery`);
  expect((await create('azure-native:eventhub:Namespace', namespace)).outputs['serviceBusEndpoint']).toBe(
    made.outputs['serviceBusEndpoint'],
  );
  await expect(resource('azure-native:eventhub:EventHub').read(id)).resolves.toEqual(outputs);
  await resource('azure-native:eventhub:Namespace').delete(made.id, {});
  expect(eventHubs.eventHub(id)).toBeUndefined();
});

test('an event hub without its namespace, and one whose partitions would change, are refused', async () => {
  await expect(create('azure-native:eventhub:EventHub', eventHub)).rejects.toThrow(/^ParentResourceNotFound: /);
  await create('azure-native:eventhub:Namespace', namespace);
  await create('azure-native:eventhub:EventHub', eventHub);
  await expect(create('azure-native:eventhub:EventHub', { ...eventHub, partitionCount: 4 })).rejects.toThrow(/partition count/);
  await expect(create('azure-native:eventhub:EventHub', { ...eventHub, partitionCount: 33 })).rejects.toThrow(/1 to 32/);
});

test('a declared hub answers with its host and identity', async () => {
  const { id, outputs } = await create('azure-native:iothub:IotHubResource', hub());
  expect(id).toMatch(/\/providers\/Microsoft\.Devices\/IotHubs\/factory-hub$/);
  expect(outputs).toMatchObject({
    name: 'factory-hub',
    sku: { name: 'S1', capacity: 1, tier: 'Standard' },
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identityId]: { principalId: 'o', clientId: 'c' } } },
    properties: { hostName: expect.stringMatching(/^localhost:\d+$/), state: 'Active', routing: { routes: [{ name: 'all' }] } },
  });
});

test.each([
  ['the Basic tier', { sku: { name: 'B1', capacity: 1 } }, /no cloud-to-device messages/],
  ['more units than the tier has', { sku: { name: 'S3', capacity: 11 } }, /1 to 10/],
  ['an endpoint with a key', { endpoint: { authenticationType: 'keyBased', connectionString: 'Endpoint=x' } }, /identities only/],
  ['a route to nowhere', { endpoint: { name: 'elsewhere' } }, /names the endpoint "out"/],
  [
    'an identity that the hub does not have',
    { endpoint: { identity: { userAssignedIdentity: '/other' } } },
    /not among the hub's identities/,
  ],
])('%s is refused before anything is made', async (_, change, reason) => {
  await expect(create('azure-native:iothub:IotHubResource', hub(change))).rejects.toThrow(reason);
});
