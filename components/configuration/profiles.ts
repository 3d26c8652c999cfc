import type { z } from 'zod';
import type {
  alertSettings,
  budgetSettings,
  eventHubsSettings,
  expectedLoadSettings,
  keyVaultSettings,
  logSettings,
  registrySettings,
  storageSettings,
  trainingSettings,
} from './resourceSettings';

/** Sizes and safety of a stack: what each setting is where the stack says nothing. */
export interface Profile {
  readonly storage: z.output<typeof storageSettings>;
  readonly registry: z.output<typeof registrySettings>;
  readonly keyVault: z.output<typeof keyVaultSettings>;
  readonly expectedLoad: z.output<typeof expectedLoadSettings>;
  /** Units and partitions follow the expected load. */
  readonly eventHubs: Omit<z.output<typeof eventHubsSettings>, 'throughputUnits'>;
  readonly training: z.output<typeof trainingSettings>;
  readonly logs: z.output<typeof logSettings>;
  readonly budget: z.output<typeof budgetSettings>;
  readonly alerts: z.output<typeof alertSettings>;
  /** What holds data is locked against deletion, in Azure and in Pulumi. */
  readonly protectData: boolean;
  readonly release: 'automatic' | 'approved';
  readonly edgeSite: boolean;
}

export const profileNames = ['dev', 'production'] as const;
type ProfileName = (typeof profileNames)[number];

const expectedLoad = { devices: 1, messagesPerDay: 10_000, messageBytes: 1_024, deliveriesPerHour: 4, peakFactor: 3 };
const alerts = {
  enabled: true,
  emails: [],
  evaluationMinutes: 15,
  deviceSilentMinutes: 15,
  telemetrySilentMinutes: 30,
  deliveryStuckMinutes: 60,
  certificateDays: 45,
  driftAlarmsPerDay: 20,
  nodeUsePercent: 90,
  queuedRuns: 2,
};

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  /** Cheap, and gone with `pulumi destroy`. */
  dev: {
    storage: {
      redundancy: 'LRS',
      softDeleteDays: 7,
      versioning: false,
      versionDays: 7,
      lifecycle: { quarantine: { deleteAfterDays: 30 }, 'dead-letters': { deleteAfterDays: 30 }, processed: { deleteAfterDays: 90 } },
    },
    registry: { sku: 'Basic', untaggedDays: 0, zoneRedundant: false },
    keyVault: { softDeleteDays: 7 },
    expectedLoad,
    eventHubs: { partitions: 2, retentionHours: 24, zoneRedundant: false },
    training: { vmSize: 'Standard_DS2_v2', priority: 'Dedicated', minNodes: 0, maxNodes: 1, idleSeconds: 120 },
    logs: {
      retentionDays: 30,
      totalRetentionDays: 30,
      dailyQuotaGb: 1,
      tables: { StorageBlobLogs: { plan: 'Basic' }, StorageQueueLogs: { plan: 'Basic' } },
    },
    budget: { monthlyAmount: 80 },
    alerts,
    protectData: false,
    release: 'automatic',
    edgeSite: true,
  },
  /** Zone-redundant where the service offers it, storage in two regions, locked, released by a person. */
  production: {
    storage: {
      redundancy: 'GZRS',
      softDeleteDays: 30,
      versioning: true,
      versionDays: 30,
      lifecycle: {
        raw: { coolAfterDays: 90 },
        processed: { coolAfterDays: 30, deleteAfterDays: 365 },
        'landing-zone': { coolAfterDays: 90 },
        'packaged-models': { coolAfterDays: 90 },
        quarantine: { coolAfterDays: 7, coldAfterDays: 90, deleteAfterDays: 365 },
        'dead-letters': { deleteAfterDays: 90 },
      },
    },
    registry: { sku: 'Premium', untaggedDays: 30, zoneRedundant: true },
    keyVault: { softDeleteDays: 90 },
    expectedLoad: { ...expectedLoad, devices: 20, messagesPerDay: 200_000, deliveriesPerHour: 40 },
    eventHubs: { partitions: 4, retentionHours: 168, zoneRedundant: true },
    training: { vmSize: 'Standard_DS3_v2', priority: 'Dedicated', minNodes: 0, maxNodes: 2, idleSeconds: 600 },
    logs: {
      retentionDays: 90,
      totalRetentionDays: 365,
      dailyQuotaGb: 10,
      tables: {
        StorageBlobLogs: { plan: 'Basic', totalRetentionDays: 180 },
        StorageQueueLogs: { plan: 'Basic', totalRetentionDays: 30 },
        AZKVAuditLogs: { retentionDays: 90, totalRetentionDays: 730 },
        AppMetrics: { retentionDays: 90, totalRetentionDays: 90 },
      },
    },
    budget: { monthlyAmount: 1_000 },
    alerts: { ...alerts, evaluationMinutes: 5 },
    protectData: true,
    release: 'approved',
    edgeSite: false,
  },
};
