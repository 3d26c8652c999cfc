/** Sizes and safety of a stack. */
export interface Profile {
  readonly storageSku: 'Standard_LRS' | 'Standard_ZRS';
  readonly registrySku: 'Basic' | 'Premium';
  readonly iotHub: { readonly sku: 'S1' | 'S2'; readonly units: number };
  readonly eventHubs: { readonly throughputUnits: number; readonly partitions: number; readonly retentionHours: number };
  /** Soft delete of vaults and blobs. */
  readonly softDeleteDays: number;
  readonly vaultSoftDeleteDays: number;
  readonly logRetentionDays: number;
  /** Ingestion stops for the day at this volume; -1 is no limit. */
  readonly logDailyQuotaGb: number;
  readonly training: { readonly vmSize: string; readonly maxNodes: number; readonly idleBeforeScaleDown: string };
  /** Pulumi refuses to delete what holds data. */
  readonly protectData: boolean;
  readonly release: 'automatic' | 'approved';
  readonly edgeSite: boolean;
}

export const profileNames = ['dev', 'production'] as const;
export type ProfileName = (typeof profileNames)[number];

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  dev: {
    storageSku: 'Standard_LRS', registrySku: 'Basic', iotHub: { sku: 'S1', units: 1 }, eventHubs: { throughputUnits: 1, partitions: 2, retentionHours: 24 },
    softDeleteDays: 7, vaultSoftDeleteDays: 7, logRetentionDays: 30, logDailyQuotaGb: 1,
    training: { vmSize: 'Standard_DS2_v2', maxNodes: 1, idleBeforeScaleDown: 'PT2M' }, protectData: false, release: 'automatic', edgeSite: true,
  },
  production: {
    storageSku: 'Standard_ZRS', registrySku: 'Premium', iotHub: { sku: 'S2', units: 1 }, eventHubs: { throughputUnits: 2, partitions: 4, retentionHours: 168 },
    softDeleteDays: 30, vaultSoftDeleteDays: 90, logRetentionDays: 90, logDailyQuotaGb: -1,
    training: { vmSize: 'Standard_DS3_v2', maxNodes: 2, idleBeforeScaleDown: 'PT10M' }, protectData: true, release: 'approved', edgeSite: false,
  },
};
