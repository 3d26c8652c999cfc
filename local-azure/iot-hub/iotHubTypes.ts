import { hubProperties } from './hubRecord';
import type { IotHub } from './iotHub';
import { inputAt, type InputRule } from '../region/checks';
import { declaredType } from '../region/declaredType';
import { identityOutput, userAssignedIds } from '../region/managedIdentity';
import type { CheckFailure, Properties, ProviderPart } from '../region/resourceType';

const skus: Readonly<Record<string, { readonly tier: string; readonly maxUnits: number }>> = {
  F1: { tier: 'Free', maxUnits: 1 },
  S1: { tier: 'Standard', maxUnits: 200 },
  S2: { tier: 'Standard', maxUnits: 200 },
  S3: { tier: 'Standard', maxUnits: 10 },
};
const rules: readonly InputRule[] = [
  { property: 'resourceName', pattern: /^[A-Za-z0-9](?:[A-Za-z0-9-]{1,48}[A-Za-z0-9])$/, expected: '3 to 50 letters, digits and dashes' },
  {
    property: 'sku.name',
    required: true,
    pattern: /^(?:F1|S[123])$/,
    expected: 'F1, S1, S2 or S3: the Basic tier (B1, B2, B3) has no cloud-to-device messages, which the delivery exchange is made of',
  },
  { property: 'sku.capacity', required: true, expected: 'the number of units' },
  {
    property: 'properties.disableLocalAuth',
    required: true,
    allowed: [true],
    expected: 'true: services reach this hub with tokens, never with shared access policies',
  },
  { property: 'properties.minTlsVersion', allowed: ['1.2'], expected: '1.2' },
];

/** What Azure would refuse once every value is known. */
function hubFaults(inputs: Properties): CheckFailure[] {
  const faults: CheckFailure[] = [];
  const sku = skus[String(inputAt(inputs, 'sku.name'))];
  const capacity = Number(inputAt(inputs, 'sku.capacity'));
  if (sku && !(Number.isInteger(capacity) && capacity >= 1 && capacity <= sku.maxUnits))
    faults.push({
      property: 'sku.capacity',
      reason: `sku.capacity is ${String(inputAt(inputs, 'sku.capacity'))}: expected 1 to ${sku.maxUnits}`,
    });
  const parsed = hubProperties.safeParse(inputs['properties'] ?? {});
  if (!parsed.success)
    return [
      ...faults,
      ...parsed.error.issues.map(({ path, message }) => ({
        property: ['properties', ...path].join('.'),
        reason: `${['properties', ...path].join('.')}: ${message}`,
      })),
    ];
  const type = String(inputAt(inputs, 'identity.type') ?? 'None');
  const assigned = userAssignedIds(inputs['identity']).map((id) => id.toLowerCase());
  for (const { name, identity } of parsed.data.routing.endpoints.eventHubs) {
    const userAssigned = identity?.userAssignedIdentity;
    if (userAssigned === undefined && !type.includes('SystemAssigned'))
      faults.push({
        property: 'identity',
        reason: `the endpoint "${name}" uses the hub's system-assigned identity, which identity.type (${type}) does not turn on`,
      });
    if (userAssigned !== undefined && !assigned.includes(userAssigned.toLowerCase()))
      faults.push({ property: 'identity', reason: `the endpoint "${name}" uses ${userAssigned}, which is not among the hub's identities` });
  }
  return faults;
}

/** IoT Hub in Pulumi. */
export function iotHubTypes(iotHub: IotHub): ProviderPart {
  const hub = declaredType(
    {
      token: 'azure-native:iothub:IotHubResource',
      armType: 'Microsoft.Devices/IotHubs',
      names: ['resourceName'],
      apiVersion: '2023-06-30',
      rules,
      faults: hubFaults,
      replaceOn: { location: 'a hub cannot be moved' },
      apply: async (id, inputs) => {
        const name = String(inputs['resourceName']);
        const identity = identityOutput(iotHub.directory, id, inputs['identity']);
        await iotHub.putHub(id, name, inputs['properties']);
        const location = inputs['location'];
        return {
          ...identity,
          etag: 'AAAAAAAAAAA=',
          sku: { tier: skus[String(inputAt(inputs, 'sku.name'))]?.tier },
          properties: {
            hostName: iotHub.host(id),
            state: 'Active',
            provisioningState: 'Succeeded',
            locations: [{ location, role: 'primary' }],
            eventHubEndpoints: {},
            features: 'None',
          },
        };
      },
      computed: [
        'etag',
        'sku.tier',
        'properties.hostName',
        'properties.state',
        'properties.provisioningState',
        'properties.locations',
        'properties.eventHubEndpoints',
        'properties.features',
      ],
      live: (id, answered) => (iotHub.hub(id) ? answered : undefined),
      remove: (id) => iotHub.deleteHub(id),
    },
    iotHub.declared,
    iotHub.now,
  );
  return { resources: [hub], functions: [] };
}
