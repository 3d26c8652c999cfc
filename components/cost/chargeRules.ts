import { cronHoursPerMonth } from '../site/siteHours';
import type { MonthlyUse } from './monthlyUse';

/** What is metered for a resource: so many units of a price. Units of a grant are free until it is used up. */
export interface Charge { readonly what: string; readonly price: string; readonly units: number; readonly grant?: Grant }
export type Grant = 'container-apps/vcpu' | 'container-apps/memory' | 'logs' | 'events' | 'metric-alerts';
/** Free in every month, in units of the price that uses it. */
export const monthlyGrants: Readonly<Record<Grant, number>> = { 'container-apps/vcpu': 180_000, 'container-apps/memory': 360_000, logs: 5, events: 1, 'metric-alerts': 10 };

type Values = Readonly<Record<string, unknown>>;
export interface PricedResource { readonly type: string; readonly name: string; readonly id: string | null; readonly inputs: Values }
export interface ChargeContext { readonly use: MonthlyUse; readonly hoursPerMonth: number; readonly all: readonly PricedResource[] }
type Rule = (resource: PricedResource, context: ChargeContext) => readonly Charge[];

const at = (value: unknown, ...path: readonly string[]): unknown => path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Values)[key] : undefined), value);
const text = (value: unknown) => (typeof value === 'string' ? value : '');
const number = (value: unknown, otherwise: number) => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise);
const isA = (type: string) => (one: PricedResource) => one.type === `azure-native:${type}`;
const below = (parent: PricedResource) => (one: PricedResource) => parent.id !== null && text(one.id).toLowerCase().startsWith(`${parent.id.toLowerCase()}/`);

interface Container { readonly resources?: { readonly cpu?: number; readonly memory?: string } }
const containers = (inputs: Values) => (at(inputs, 'template', 'containers') as readonly Container[] | undefined) ?? [];
const cores = (inputs: Values) => containers(inputs).reduce((sum, one) => sum + (one.resources?.cpu ?? 0), 0);
const memoryGib = (inputs: Values) => containers(inputs).reduce((sum, one) => sum + Number.parseFloat(one.resources?.memory ?? '0'), 0);
const running = (inputs: Values, seconds: number, state: '' | '-idle' = ''): Charge[] => [
  { what: `vCPU${state === '' ? '' : ', idle'}`, price: `container-apps/vcpu${state}`, units: cores(inputs) * seconds, grant: 'container-apps/vcpu' },
  { what: `memory${state === '' ? '' : ', idle'}`, price: `container-apps/memory${state}`, units: memoryGib(inputs) * seconds, grant: 'container-apps/memory' },
];

/** Hours of a month in which an app has a replica. */
export function appHours(inputs: Values, hoursPerMonth: number): number {
  const replicas = number(at(inputs, 'template', 'scale', 'minReplicas'), 0);
  if (replicas > 0) return replicas * hoursPerMonth;
  const rules = (at(inputs, 'template', 'scale', 'rules') as readonly Values[] | undefined) ?? [];
  const cron = rules.map((rule) => at(rule, 'custom')).find((custom) => at(custom, 'type') === 'cron');
  return cron === undefined ? hoursPerMonth : cronHoursPerMonth({ start: text(at(cron, 'metadata', 'start')), end: text(at(cron, 'metadata', 'end')) }, hoursPerMonth);
}

/** Hours in which a line sends data: those of a simulated site, or all of them in a plant. */
export function lineHours(resources: readonly PricedResource[], hoursPerMonth: number): number {
  const sites = resources.filter(isA('app:ContainerApp')).filter(({ inputs }) => containers(inputs).length > 1);
  return sites.length === 0 ? hoursPerMonth : Math.max(...sites.map(({ inputs }) => appHours(inputs, hoursPerMonth)));
}

const containerApp: Rule = ({ inputs }, { use, hoursPerMonth }) => {
  const seconds = appHours(inputs, hoursPerMonth) * 3_600;
  // A site works all the time that it is up; an app of one program waits for work.
  if (containers(inputs).length > 1) return running(inputs, seconds);
  return [...running(inputs, seconds * use.busyPart), ...running(inputs, seconds * (1 - use.busyPart), '-idle')];
};

const storageAccount: Rule = (account, { use, all }) => {
  const redundancy = text(at(account.inputs, 'sku', 'name')).replace(/^(Standard|Premium)_/, '');
  const names = new Set(all.filter(isA('storage:BlobContainer')).filter(below(account)).map(({ inputs }) => text(inputs['containerName'])));
  const queues = all.filter(isA('storage:Queue')).filter(below(account)).length;
  const gb = (names.has('raw') ? use.rawGb : 0) + (names.has('processed') ? use.processedGb : 0) + (names.has('landing-zone') ? use.landingGb : 0);
  const perWrite = use.blobWrites / 10_000;
  return [
    { what: 'data', price: `blob/hot-${redundancy}`, units: gb * use.keptMonths + (names.has('packaged-models') || names.has('models') ? use.rounds * 0.01 : 0) },
    { what: 'writes', price: 'blob/write', units: perWrite }, { what: 'reads', price: 'blob/read', units: 3 * perWrite },
    { what: 'queues', price: 'queue/operation', units: (queues * use.pollsPerQueue * 2 + use.events * 4) / 10_000 },
  ];
};

const tablePlan = (all: readonly PricedResource[], table: string) => {
  const set = all.filter(isA('resources:Deployment')).flatMap(({ inputs }) => (at(inputs, 'properties', 'template', 'resources') as readonly Values[] | undefined) ?? []);
  const declared = set.find(({ type, name }) => type === 'Microsoft.OperationalInsights/workspaces/tables' && text(name).endsWith(`/${table}')]`));
  return text(at(declared, 'properties', 'plan')).toLowerCase() === 'basic' ? 'logs/basic' : 'logs/analytics';
};

/** Everything that is logged ends in a workspace, so it is counted there. */
const logWorkspace: Rule = ({ inputs }, { use, hoursPerMonth, all }) => {
  const programHours = all.filter(isA('app:ContainerApp')).reduce((sum, app) => sum + appHours(app.inputs, hoursPerMonth) * containers(app.inputs).length, 0) + all.filter(isA('app:Job')).length * ((use.rounds * use.jobMinutesPerRound) / 60);
  const logged = (service: string) => all.filter(isA('monitor:DiagnosticSetting')).filter((one) => text(one.inputs['resourceUri']).toLowerCase().includes(`/${service.toLowerCase()}/`)).length;
  const queues = all.filter(isA('storage:Queue')).length;
  const queueLogsGb = logged('queueServices') > 0 ? (queues * use.pollsPerQueue * 2 + use.events * 4) / 1e6 : 0;
  const blobLogsGb = logged('blobServices') * ((4 * use.blobWrites) / 1e6);
  const analyticsGb = programHours * use.logGbPerProgramHour + use.edgeTelemetryGb;
  const plans = [{ table: 'StorageQueueLogs', gb: queueLogsGb }, { table: 'StorageBlobLogs', gb: blobLogsGb }];
  const paidMonths = Math.max(0, number(inputs['retentionInDays'], 30) - 31) / 30.4;
  return [
    { what: 'logs of programs, telemetry of the edge', price: 'logs/analytics', units: analyticsGb, grant: 'logs' },
    ...plans.filter(({ gb }) => gb > 0).map(({ table, gb }): Charge => {
      const price = tablePlan(all, table);
      return { what: table, price, units: gb, ...(price === 'logs/analytics' ? { grant: 'logs' as const } : {}) };
    }),
    { what: 'retention beyond 31 days', price: 'logs/retention', units: analyticsGb * paidMonths },
  ];
};

/** How often a rule asks, as the price list has it; the next cheaper step where it asks less often. */
function logAlertPrice(frequency: string): string {
  const minutes = Number(/^PT(\d+)M$/.exec(frequency)?.[1] ?? (/^PT\d+H$|^P1D$/.test(frequency) ? 60 : 5));
  return `alert/log-${minutes < 5 ? 1 : minutes < 10 ? 5 : minutes < 15 ? 10 : 15}m`;
}

/** What costs money, by type. */
export const chargeRules: Readonly<Record<string, Rule>> = {
  'azure-native:app:ContainerApp': containerApp,
  'azure-native:app:Job': ({ inputs }, { use }) => running(inputs, use.rounds * use.jobMinutesPerRound * 60),
  'azure-native:containerregistry:Registry': ({ inputs }, { use }) => [
    { what: 'registry', price: `registry/${text(at(inputs, 'sku', 'name'))}`, units: 1 }, { what: 'image builds', price: 'registry/build', units: use.imageBuilds * use.buildVcpuSeconds },
  ],
  'azure-native:dashboard:Grafana': ({ inputs }) => [{ what: 'instance', price: `grafana/${text(at(inputs, 'sku', 'name'))}`, units: 1 }],
  'azure-native:eventgrid:SystemTopic': (_, { use, all }) => [{ what: 'events', price: 'event-grid/operations', units: (use.events * 2) / 100_000 / Math.max(1, all.filter(isA('eventgrid:SystemTopic')).length), grant: 'events' }],
  'azure-native:eventhub:Namespace': ({ inputs }, { use }) => [
    { what: 'throughput', price: `event-hubs/${text(at(inputs, 'sku', 'name'))}`, units: number(at(inputs, 'sku', 'capacity'), 1) }, { what: 'events', price: 'event-hubs/ingress', units: use.deviceMessages / 1e6 },
  ],
  'azure-native:iothub:IotHubResource': ({ inputs }) => [{ what: 'units', price: `iot-hub/${text(at(inputs, 'sku', 'name'))}`, units: number(at(inputs, 'sku', 'capacity'), 1) }],
  'azure-native:machinelearningservices:Compute': ({ inputs }, { use, hoursPerMonth }) => {
    const always = number(at(inputs, 'properties', 'properties', 'scaleSettings', 'minNodeCount'), 0) * hoursPerMonth;
    return [{ what: 'training nodes', price: `vm/${text(at(inputs, 'properties', 'properties', 'vmSize'))}`, units: Math.max(always, use.rounds * use.trainingHoursPerRound) }];
  },
  'azure-native:machinelearningservices:ManagedNetworkSettingsRule': ({ inputs }, { hoursPerMonth }) =>
    text(at(inputs, 'properties', 'type')) === 'FQDN' ? [{ what: 'firewall, which any rule for a host name needs', price: 'network/firewall-Standard', units: hoursPerMonth }] : [],
  'azure-native:monitor:AzureMonitorWorkspace': (_, { use }) => [{ what: 'metrics', price: 'metrics/samples', units: use.metricSamples / 1e7 }],
  'azure-native:monitor:MetricAlert': ({ inputs }) => {
    const criteria = (at(inputs, 'criteria', 'allOf') as readonly unknown[] | undefined)?.length ?? 1;
    const scopes = (inputs['scopes'] as readonly unknown[] | undefined)?.length ?? 1;
    return [{ what: 'time series', price: 'alert/metric', units: Math.max(1, criteria) * Math.max(1, scopes), grant: 'metric-alerts' }];
  },
  'azure-native:monitor:ScheduledQueryRule': ({ inputs }) => [{ what: 'rule', price: logAlertPrice(text(inputs['evaluationFrequency'])), units: 1 }],
  'azure-native:network:NatGateway': (_, { hoursPerMonth }) => [{ what: 'gateway', price: 'network/nat-gateway', units: hoursPerMonth }],
  'azure-native:network:PrivateEndpoint': (_, { hoursPerMonth }) => [{ what: 'endpoint', price: 'network/private-endpoint', units: hoursPerMonth }],
  'azure-native:network:PublicIPAddress': (_, { hoursPerMonth }) => [{ what: 'address', price: 'network/public-ip', units: hoursPerMonth }],
  'azure-native:operationalinsights:Workspace': logWorkspace,
  'azure-native:privatedns:PrivateZone': () => [{ what: 'zone', price: 'network/private-dns-zone', units: 1 }],
  'azure-native:storage:StorageAccount': storageAccount,
};
const vaultRule: Rule = (_, { use }) => [{ what: 'operations', price: 'key-vault/operations', units: use.vaultOperations / 10_000 }];

/** The rule of a resource; of what the generic type declares by the kind that it declares. */
export const chargeRuleOf = ({ type, inputs }: PricedResource): Rule | undefined =>
  type === 'azure-native:keyvault:Vault' || (type === 'azure-native:resources:Resource' && inputs['resourceType'] === 'vaults' && inputs['resourceProviderNamespace'] === 'Microsoft.KeyVault') ? vaultRule : chargeRules[type];
