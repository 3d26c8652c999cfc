import { at, isA, number, text, type Charge, type PricedResource, type ChargeRule, type Values } from './charge';
import { logWorkspace } from './logCharges';
import { appHours, containers } from './runningHours';
import { storageAccount } from './storageCharges';

const cores = (inputs: Values) => containers(inputs).reduce((sum, container) => sum + (container.resources?.cpu ?? 0), 0);
const memoryGib = (inputs: Values) =>
  containers(inputs).reduce((sum, container) => sum + Number.parseFloat(container.resources?.memory ?? '0'), 0);
const running = (inputs: Values, seconds: number, state: '' | '-idle' = ''): Charge[] => [
  {
    what: `vCPU${state === '' ? '' : ', idle'}`,
    price: `container-apps/vcpu${state}`,
    units: cores(inputs) * seconds,
    grant: 'container-apps/vcpu',
  },
  {
    what: `memory${state === '' ? '' : ', idle'}`,
    price: `container-apps/memory${state}`,
    units: memoryGib(inputs) * seconds,
    grant: 'container-apps/memory',
  },
];

const containerApp: ChargeRule = ({ inputs }, { use, hoursPerMonth }) => {
  const seconds = appHours(inputs, hoursPerMonth) * 3_600;
  // A site works all the time that it is up; an app of one program waits for work.
  if (containers(inputs).length > 1) return running(inputs, seconds);
  return [...running(inputs, seconds * use.busyPart), ...running(inputs, seconds * (1 - use.busyPart), '-idle')];
};

/** How often a rule asks, as the price list has it; the next cheaper step where it asks less often. */
function logAlertPrice(frequency: string): string {
  const minutes = Number(/^PT(\d+)M$/.exec(frequency)?.[1] ?? (/^PT\d+H$|^P1D$/.test(frequency) ? 60 : 5));
  return `alert/log-${minutes < 5 ? 1 : minutes < 10 ? 5 : minutes < 15 ? 10 : 15}m`;
}

/** A throughput unit of the Standard tier holds so much; more of it is paid as locally redundant blobs. */
const retainedGbPerUnit = 84;

/** What costs money, by type. */
const chargeRules: Readonly<Record<string, ChargeRule>> = {
  'azure-native:app:ContainerApp': containerApp,
  // The data pipeline works on whatever comes; the others once in a round.
  'azure-native:app:Job': ({ inputs, name }, { use }) =>
    running(inputs, name === 'data-pipeline' ? use.passes * use.passSeconds : use.rounds * use.jobMinutesPerRound * 60),
  'azure-native:containerregistry:Registry': ({ inputs }, { use }) => [
    { what: 'registry', price: `registry/${text(at(inputs, 'sku', 'name'))}`, units: 1 },
    { what: 'image builds', price: 'registry/build', units: use.imageBuilds * use.buildVcpuSeconds },
  ],
  'azure-native:dashboard:Grafana': ({ inputs }) => [{ what: 'instance', price: `grafana/${text(at(inputs, 'sku', 'name'))}`, units: 1 }],
  'azure-native:eventgrid:SystemTopic': (_, { use, all }) => [
    {
      what: 'events',
      price: 'event-grid/operations',
      units: (use.events * 2) / 100_000 / Math.max(1, all.filter(isA('eventgrid:SystemTopic')).length),
      grant: 'events',
    },
  ],
  'azure-native:eventhub:Namespace': ({ inputs }, { use }) => [
    { what: 'throughput', price: `event-hubs/${text(at(inputs, 'sku', 'name'))}`, units: number(at(inputs, 'sku', 'capacity'), 1) },
    { what: 'events', price: 'event-hubs/ingress', units: use.deviceMessages / 1e6 },
    {
      what: 'events kept, beyond what the units hold',
      price: 'event-hubs/storage',
      units: Math.max(0, use.retainedGb - retainedGbPerUnit * number(at(inputs, 'sku', 'capacity'), 1)),
    },
  ],
  'azure-native:iothub:IotHubResource': ({ inputs }) => [
    { what: 'units', price: `iot-hub/${text(at(inputs, 'sku', 'name'))}`, units: number(at(inputs, 'sku', 'capacity'), 1) },
  ],
  'azure-native:machinelearningservices:Compute': ({ inputs }, { use, hoursPerMonth }) => {
    const always = number(at(inputs, 'properties', 'properties', 'scaleSettings', 'minNodeCount'), 0) * hoursPerMonth;
    return [
      {
        what: 'training nodes',
        price: `vm/${text(at(inputs, 'properties', 'properties', 'vmSize'))}`,
        units: Math.max(always, use.rounds * use.trainingHoursPerRound),
      },
    ];
  },
  'azure-native:machinelearningservices:ManagedNetworkSettingsRule': ({ inputs }, { hoursPerMonth }) =>
    text(at(inputs, 'properties', 'type')) === 'FQDN'
      ? [{ what: 'firewall, which any rule for a host name needs', price: 'network/firewall-Standard', units: hoursPerMonth }]
      : [],
  'azure-native:monitor:AzureMonitorWorkspace': (_, { use }) => [
    { what: 'metrics', price: 'metrics/samples', units: (use.plant.metricSamplesPerDay * use.days) / 1e7 },
  ],
  'azure-native:monitor:MetricAlert': ({ inputs }) => {
    const criteria = (at(inputs, 'criteria', 'allOf') as readonly unknown[] | undefined)?.length ?? 1;
    const scopes = (inputs['scopes'] as readonly unknown[] | undefined)?.length ?? 1;
    return [{ what: 'time series', price: 'alert/metric', units: Math.max(1, criteria) * Math.max(1, scopes), grant: 'metric-alerts' }];
  },
  'azure-native:monitor:ScheduledQueryRule': ({ inputs }) => [
    { what: 'rule', price: logAlertPrice(text(inputs['evaluationFrequency'])), units: 1 },
  ],
  'azure-native:network:NatGateway': (_, { hoursPerMonth }) => [{ what: 'gateway', price: 'network/nat-gateway', units: hoursPerMonth }],
  'azure-native:network:PrivateEndpoint': (_, { hoursPerMonth }) => [
    { what: 'endpoint', price: 'network/private-endpoint', units: hoursPerMonth },
  ],
  'azure-native:network:PublicIPAddress': (_, { hoursPerMonth }) => [{ what: 'address', price: 'network/public-ip', units: hoursPerMonth }],
  'azure-native:operationalinsights:Workspace': logWorkspace,
  'azure-native:privatedns:PrivateZone': () => [{ what: 'zone', price: 'network/private-dns-zone', units: 1 }],
  'azure-native:storage:StorageAccount': storageAccount,
};
const vaultRule: ChargeRule = (_, { use }) => [{ what: 'operations', price: 'key-vault/operations', units: use.vaultOperations / 10_000 }];

/** The rule of a resource; of what the generic type declares by the kind that it declares. */
export const chargeRuleOf = ({ type, inputs }: PricedResource): ChargeRule | undefined =>
  type === 'azure-native:keyvault:Vault' ||
  (type === 'azure-native:resources:Resource' &&
    inputs['resourceType'] === 'vaults' &&
    inputs['resourceProviderNamespace'] === 'Microsoft.KeyVault')
    ? vaultRule
    : chargeRules[type];
