import { z } from 'zod';
import { lifecycleContainers } from './containers';
import { logTables } from './logTables';

const days = (least: number, most: number) => z.int().min(least).max(most);
const armId = (type: string, example: string) =>
  z
    .string()
    .max(500)
    .regex(
      new RegExp(`^/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[^/]+/providers/${type.replaceAll('.', '\\.')}/[^/]+$`, 'i'),
      `the ARM id of ${example}`,
    );
/** Made with the stack, or somebody else's that the stack uses and leaves as it is. */
const createOr = <T extends z.ZodType>(existing: T) =>
  z
    .union([z.literal('create'), z.strictObject({ existing })], { error: '"create", or existing: and the id of what is there' })
    .default('create');
export const workspaceSource = createOr(armId('Microsoft.OperationalInsights/workspaces', 'a Log Analytics workspace'));
export const registrySource = createOr(armId('Microsoft.ContainerRegistry/registries', 'a container registry'));
export const servicePrincipalSource = createOr(z.guid('the client id (application id) of a service principal'));

export const redundancies = ['LRS', 'ZRS', 'GRS', 'GZRS', 'RAGRS', 'RAGZRS'] as const;
const lifecycle = z
  .strictObject({
    coolAfterDays: days(0, 99_999),
    coldAfterDays: days(0, 99_999),
    archiveAfterDays: days(0, 99_999),
    deleteAfterDays: days(1, 99_999),
  })
  .partial();
/** Blobs of accounts that keep copies in several zones cannot be archived: a management policy that says so is refused. */
export const archiveRedundancies: readonly (typeof redundancies)[number][] = ['LRS', 'GRS', 'RAGRS'];
export type Lifecycle = z.output<typeof lifecycle>;
export const storageSettings = z.strictObject({
  redundancy: z.enum(redundancies),
  softDeleteDays: days(1, 365),
  /** Keeps overwritten and deleted blobs as versions, for `versionDays`. */
  versioning: z.boolean(),
  versionDays: days(1, 99_999),
  /** Not of the checkpoints: without them the loop would lose its place. */
  lifecycle: z.partialRecord(z.enum(lifecycleContainers), lifecycle),
});

export const registrySettings = z.strictObject({
  sku: z.enum(['Basic', 'Standard', 'Premium']),
  /** Manifests without a tag go after this time; 0 keeps them. Premium only. */
  untaggedDays: days(0, 365),
  zoneRedundant: z.boolean(),
});
export const keyVaultSettings = z.strictObject({ softDeleteDays: days(7, 90) });

const gbPerDay = z.number().min(0).max(1e6);
export const expectedLoadSettings = z.strictObject({
  devices: z.int().min(1).max(1e9),
  messagesPerDay: z.number().min(0).max(1e12),
  messageBytes: z.int().min(1, 'at least 1').max(262_144, 'at most 262144, the largest device-to-cloud message'),
  deliveriesPerHour: z.number().min(0).max(1e7),
  peakFactor: z.number().min(1).max(100),
  /** Devices that run the model, and what all of them together bring; what is not given follows from their number. */
  modelDevices: z.int().min(0).max(1e6).optional(),
  rawGbPerDay: gbPerDay.optional(),
  inferenceGbPerDay: gbPerDay.optional(),
  telemetryGbPerDay: gbPerDay.optional(),
  metricSamplesPerDay: z.number().min(0).max(1e13).optional(),
  packageMb: z.number().min(0).max(10_000).optional(),
});
const basicRefused = 'the Basic tier has no cloud-to-device messages, which a delivery is made of';
export const iotHubSettings = z
  .strictObject({
    tier: z.enum(['S1', 'S2', 'S3'], {
      error: (issue) =>
        `S1, S2 or S3${/^B[123]$/.test(String(issue.input)) ? `: ${basicRefused}` : ', or nothing: then it is chosen by expectedLoad'}`,
    }),
    units: z.int().min(1).max(200),
  })
  .partial();
export const eventHubsSettings = z.strictObject({
  throughputUnits: z.int().min(1).max(40),
  partitions: z.int().min(1).max(32),
  retentionHours: z.int().min(1).max(168),
  zoneRedundant: z.boolean(),
});

export const trainingSettings = z.strictObject({
  vmSize: z.string().regex(/^Standard_[A-Za-z0-9_]{1,60}$/, 'the name of a virtual machine size, such as Standard_DS2_v2'),
  priority: z.enum(['Dedicated', 'LowPriority']),
  minNodes: z.int().min(0).max(100),
  maxNodes: z.int().min(1).max(100),
  idleSeconds: z.int().min(60).max(86_400),
});

const retention = days(4, 730);
/** Beyond two years Log Analytics keeps whole years only. */
const wholeYears = [1_095, 1_460, 1_826, 2_191, 2_556, 2_922, 3_288, 3_653, 4_018, 4_383];
const totalRetention = (least: number) =>
  days(least, 4_383).refine((given) => given <= 730 || wholeYears.includes(given), `up to 730 days, or one of ${wholeYears.join(', ')}`);
export const logSettings = z.strictObject({
  /** What can be asked at once; the rest of `totalRetentionDays` is archive. */
  retentionDays: days(30, 730),
  totalRetentionDays: totalRetention(30),
  /** Collection stops for the day at this volume; -1 is no cap. */
  dailyQuotaGb: z.union([z.literal(-1), z.number().min(0.1).max(10_000)], { error: '-1 (no cap) or 0.1 to 10000' }),
  tables: z.partialRecord(
    z.enum(logTables),
    z.strictObject({ plan: z.enum(['Analytics', 'Basic']), retentionDays: retention, totalRetentionDays: totalRetention(4) }).partial(),
  ),
});

const email = z.email('an e-mail address').max(200);
export const budgetSettings = z.strictObject({
  /** In the currency of the subscription; 0 is no budget. */
  monthlyAmount: z.number().min(0).max(1e9),
});
export const alertSettings = z.strictObject({
  enabled: z.boolean(),
  emails: z.array(email).max(20),
  evaluationMinutes: z.union(
    [5, 10, 15, 30, 45, 60].map((minutes) => z.literal(minutes)),
    { error: '5, 10, 15, 30, 45 or 60' },
  ),
  deviceSilentMinutes: z.union(
    [5, 15, 30, 60].map((minutes) => z.literal(minutes)),
    { error: '5, 15, 30 or 60' },
  ),
  telemetrySilentMinutes: z.union(
    [15, 30, 60, 120].map((minutes) => z.literal(minutes)),
    { error: '15, 30, 60 or 120' },
  ),
  deliveryStuckMinutes: z.int().min(5).max(1_440),
  certificateDays: days(1, 365),
  /** Alarms of the running model in a day from which the model or the machine has drifted. */
  driftAlarmsPerDay: z.int().min(1).max(1e6),
  nodeUsePercent: z.int().min(1).max(100),
  queuedRuns: z.int().min(0).max(1_000),
});
