import { cheapestHub, hubShortfalls, type HubSize } from './iotHubSize';
import { maxPartitions, maxThroughputUnits, partitionsFor, throughputUnitsFor } from './eventHubsSize';
import { meteredLoad } from './expectedLoad';
import { alertTables, basicPlanTables, basicRetentionDays, type LogTable } from './logTables';
import type { Profile } from './profiles';
import { archiveRedundancies, type Lifecycle } from './resourceSettings';
import { readAgain, type LifecycleContainer } from './containers';

type Overrides<T> = { readonly [K in keyof T]?: T[K] | undefined };
/** What a stack may say about its resources; the profile says the rest. */
interface GivenSettings {
  readonly storage: Overrides<Profile['storage']>;
  readonly registry: Overrides<Profile['registry']>;
  readonly keyVault: Overrides<Profile['keyVault']>;
  readonly expectedLoad: Overrides<Profile['expectedLoad']>;
  readonly iotHub: { readonly tier?: HubSize['tier'] | undefined; readonly units?: number | undefined };
  readonly eventHubs: Overrides<Profile['eventHubs'] & { throughputUnits: number }>;
  readonly training: Overrides<Profile['training']>;
  readonly logs: Overrides<Profile['logs']>;
  readonly budget: Overrides<Profile['budget']>;
  readonly alerts: Overrides<Profile['alerts']>;
  readonly protectData?: boolean | undefined;
}

/** Every setting of the resources, decided. */
export interface ResourceSettings extends Omit<Profile, 'eventHubs' | 'release' | 'edgeSite'> {
  readonly iotHub: HubSize;
  readonly eventHubs: Profile['eventHubs'] & { readonly throughputUnits: number };
}

function over<T extends object>(base: T, given: Overrides<T>): T {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(set) };
}

export function effectiveSettings(profile: Profile, given: GivenSettings): ResourceSettings {
  const expectedLoad = over(profile.expectedLoad, given.expectedLoad);
  const lifecycle = { ...profile.storage.lifecycle, ...given.storage.lifecycle };
  const eventHubs = over(
    {
      ...profile.eventHubs,
      partitions: partitionsFor(expectedLoad, profile.eventHubs.partitions),
      throughputUnits: throughputUnitsFor(expectedLoad),
    },
    given.eventHubs,
  );
  // Where no hub fits, the conflicts say why; the size is never used.
  const iotHub = cheapestHub(expectedLoad, given.iotHub) ?? { tier: given.iotHub.tier ?? 'S3', units: given.iotHub.units ?? 1 };
  return {
    storage: { ...over(profile.storage, given.storage), lifecycle },
    registry: over(profile.registry, given.registry),
    keyVault: over(profile.keyVault, given.keyVault),
    expectedLoad,
    iotHub,
    eventHubs,
    training: over(profile.training, given.training),
    logs: { ...over(profile.logs, given.logs), tables: { ...profile.logs.tables, ...given.logs.tables } },
    budget: over(profile.budget, given.budget),
    alerts: over(profile.alerts, given.alerts),
    protectData: given.protectData ?? profile.protectData,
  };
}

const stages = ['coolAfterDays', 'coldAfterDays', 'archiveAfterDays', 'deleteAfterDays'] as const;
function lifecycleConflicts(container: LifecycleContainer, rule: Lifecycle, redundancy: Profile['storage']['redundancy']): string[] {
  const path = `storage.lifecycle.${container}`;
  const set = stages.filter((stage) => rule[stage] !== undefined);
  const backwards = set.slice(1).filter((stage, index) => (rule[stage] ?? 0) <= (rule[set[index] ?? stage] ?? 0));
  return [
    ...backwards.map(
      (stage) =>
        `${path}.${stage} is ${rule[stage]}: expected more than the stage before it, ${set
          .slice(0, set.indexOf(stage))
          .map((earlier) => `${earlier} ${rule[earlier]}`)
          .join(', ')}`,
    ),
    ...(rule.archiveAfterDays !== undefined && readAgain.includes(container)
      ? [
          `${path}.archiveAfterDays is ${rule.archiveAfterDays}: expected nothing, the programs read ${container} again and an archived blob cannot be read; use coldAfterDays`,
        ]
      : []),
    ...(rule.archiveAfterDays !== undefined && !archiveRedundancies.includes(redundancy)
      ? [
          `${path}.archiveAfterDays is ${rule.archiveAfterDays}: expected nothing with storage.redundancy ${redundancy}, Azure archives blobs of ${archiveRedundancies.join(', ')} accounts only; use coldAfterDays`,
        ]
      : []),
  ];
}

function loadConflicts({ expectedLoad, eventHubs, iotHub }: ResourceSettings, given: GivenSettings): string[] {
  const needed = throughputUnitsFor(expectedLoad);
  const shortfalls = hubShortfalls(expectedLoad, iotHub);
  const named = given.iotHub.tier !== undefined || given.iotHub.units !== undefined;
  const fitting = cheapestHub(expectedLoad);
  const advice =
    fitting === undefined
      ? 'no hub carries it: split the factory, batch the messages or spread the deliveries'
      : `expected at least ${fitting.tier} with ${fitting.units} unit${fitting.units === 1 ? '' : 's'}, or nothing: then it is chosen`;
  const units = `eventHubs.throughputUnits is ${eventHubs.throughputUnits}`;
  return [
    ...(shortfalls.length > 0
      ? [`${named ? 'iotHub' : 'expectedLoad'} is too ${named ? 'small' : 'large'}: ${shortfalls.join('; ')}; ${advice}`]
      : []),
    ...(eventHubs.throughputUnits > maxThroughputUnits
      ? [
          `${units}: expected at most ${maxThroughputUnits} for the expected load of ${Math.ceil(meteredLoad(expectedLoad).deviceSendsPerSecond)} messages a second; split the factory or batch the messages`,
        ]
      : []),
    ...(eventHubs.throughputUnits < needed ? [`${units}: expected at least ${needed} for the expected load`] : []),
    ...(eventHubs.throughputUnits > eventHubs.partitions && eventHubs.partitions < maxPartitions
      ? [
          `eventHubs.partitions is ${eventHubs.partitions}: expected at least ${Math.min(maxPartitions, eventHubs.throughputUnits)}, a partition takes no more than one throughput unit gives`,
        ]
      : []),
  ];
}

function tableConflicts(table: LogTable, { logs }: ResourceSettings): string[] {
  const { plan, retentionDays, totalRetentionDays = logs.totalRetentionDays } = logs.tables[table] ?? {};
  const path = `logs.tables.${table}`;
  const askable = plan === 'Basic' ? basicRetentionDays : (retentionDays ?? logs.retentionDays);
  return [
    ...(plan === 'Basic' && !basicPlanTables.includes(table)
      ? [`${path}.plan is Basic: Azure offers it for ${basicPlanTables.join(', ')} only`]
      : []),
    ...(plan === 'Basic' && alertTables.includes(table)
      ? [`${path}.plan is Basic: expected Analytics, an alert rule asks this table`]
      : []),
    ...(plan === 'Basic' && retentionDays !== undefined
      ? [
          `${path}.retentionDays is ${retentionDays}: expected nothing, the Basic plan keeps ${basicRetentionDays} days; set totalRetentionDays`,
        ]
      : []),
    ...(totalRetentionDays < askable
      ? [`${path}.totalRetentionDays is ${totalRetentionDays}: expected at least ${askable}, what can be asked at once`]
      : []),
  ];
}

/** Rules between the settings of the resources. */
export function settingConflicts(settings: ResourceSettings, given: GivenSettings): string[] {
  const { storage, registry, training, logs, alerts } = settings;
  return [
    ...Object.entries(storage.lifecycle).flatMap(([container, rule]) =>
      lifecycleConflicts(container as LifecycleContainer, rule, storage.redundancy),
    ),
    ...loadConflicts(settings, given),
    ...(training.minNodes > training.maxNodes
      ? [`training.minNodes is ${training.minNodes}: expected at most training.maxNodes, ${training.maxNodes}`]
      : []),
    ...(registry.untaggedDays > 0 && registry.sku !== 'Premium'
      ? [`registry.untaggedDays is ${registry.untaggedDays}: expected 0, or registry.sku Premium, which alone has a retention policy`]
      : []),
    ...(registry.zoneRedundant && registry.sku !== 'Premium'
      ? [`registry.zoneRedundant is true: expected false, or registry.sku Premium`]
      : []),
    ...(logs.totalRetentionDays < logs.retentionDays
      ? [`logs.totalRetentionDays is ${logs.totalRetentionDays}: expected at least logs.retentionDays, ${logs.retentionDays}`]
      : []),
    ...(Object.keys(logs.tables) as LogTable[]).flatMap((table) => tableConflicts(table, settings)),
    ...(alerts.enabled && alerts.telemetrySilentMinutes < alerts.evaluationMinutes
      ? [
          `alerts.telemetrySilentMinutes is ${alerts.telemetrySilentMinutes}: expected at least alerts.evaluationMinutes, ${alerts.evaluationMinutes}`,
        ]
      : []),
  ];
}
