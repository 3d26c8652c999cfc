import { ofKind, propertyOf, type DeclaredResource } from '../../policy/declaredResource';
import { programs } from '../../contracts/programs';
import { testCertificate } from '../unit/support/capturedProgram';
import type { Consideration } from './considerations';

const otherImages = Object.fromEntries(Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'b'.repeat(64)}`]));
/** For every setting of the table another value than the profile's. */
export const otherValues: Readonly<Record<string, unknown>> = {
  'storage.redundancy': 'LRS',
  'storage.softDeleteDays': 14,
  'storage.versioning': false,
  'storage.lifecycle': { raw: { coolAfterDays: 11 } },
  'eventHubs.zoneRedundant': false,
  'eventHubs.retentionHours': 48,
  'eventHubs.partitions': 8,
  'eventHubs.throughputUnits': 2,
  'registry.zoneRedundant': false,
  'registry.sku': 'Standard',
  'registry.untaggedDays': 10,
  protectData: false,
  siteCertificates: [testCertificate, testCertificate],
  'keyVault.softDeleteDays': 30,
  'delivery.sasLifetimeSeconds': 600,
  'logs.dailyQuotaGb': 2,
  'logs.retentionDays': 120,
  'logs.totalRetentionDays': 400,
  'logs.tables': { StorageBlobLogs: { plan: 'Analytics', totalRetentionDays: 90 } },
  'training.minNodes': 1,
  'training.idleSeconds': 300,
  'training.maxNodes': 3,
  'training.vmSize': 'Standard_F4s_v2',
  'training.priority': 'LowPriority',
  'expectedLoad.messagesPerDay': 1_500_000,
  'iotHub.tier': 'S2',
  'edgeSite.batchMaxRecords': 5_000,
  'edgeSite.batchIdleMs': 30_000,
  'edgeSite.telemetryIntervalMs': 20_000,
  'budget.monthlyAmount': 120,
  factory: 'plant-nine',
  environment: 'pilot',
  prebuiltImages: otherImages,
  release: 'automatic',
  sourceCommit: 'feedbeef',
  'alerts.enabled': false,
  'alerts.evaluationMinutes': 30,
  'alerts.nodeUsePercent': 50,
  'alerts.queuedRuns': 5,
};

/** The settings with the other value of one of them. */
export function withOtherValue(settings: Readonly<Record<string, unknown>>, setting: string): Record<string, unknown> {
  if (!(setting in otherValues)) throw new Error(`tests/mutation/settingMutants.ts has no other value for ${setting}`);
  const [key = '', inner] = setting.split('.');
  return {
    ...settings,
    [key]: inner === undefined ? otherValues[setting] : { ...(settings[key] as object | undefined), [inner]: otherValues[setting] },
  };
}

const valuesOf = (resources: readonly DeclaredResource[], { kind, path }: Consideration) =>
  JSON.stringify(
    ofKind(resources, kind)
      .map((one) => [one.name, propertyOf(one, path)])
      .sort(),
  );
/** Whether the property of the row differs between two declarations: only then does the setting reach it. */
export const follows = (row: Consideration, before: readonly DeclaredResource[], after: readonly DeclaredResource[]): boolean =>
  valuesOf(before, row) !== valuesOf(after, row);
