import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { isReservedDataset } from '../../contracts/datasets';
import { maxBatchRecords } from '../../contracts/landingZone';
import { programs } from '../../contracts/programs';
import { maxRawBytes } from '../../contracts/settings/dataPipeline';
import { imageRegistry } from '../../contracts/settings/imageRegistry';
import { documentSuffix, hubTransports } from '../../contracts/siteDocuments';
import type { ResourceSettings } from './effectiveSettings';
import { profileNames } from './profiles';
import { diskBytes, jobCpu } from './pipelineJobs';
import {
  alertSettings,
  budgetSettings,
  eventHubsSettings,
  expectedLoadSettings,
  iotHubSettings,
  keyVaultSettings,
  logSettings,
  registrySettings,
  registrySource,
  servicePrincipalSource,
  storageSettings,
  trainingSettings,
  workspaceSource,
} from './resourceSettings';
import { siteHours } from './siteHours';

const slug = (maximum: number) =>
  z
    .string()
    .max(maximum)
    .regex(
      /^[a-z](?!.*--)[a-z0-9-]*[a-z0-9]$/,
      `lower case letters, digits and single dashes, from 2 to ${maximum} characters, a letter first`,
    );
const column = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^,]+$/, 'a column name without commas');
const principal = z.strictObject({ principalId: z.guid(), principalType: z.enum(['User', 'Group', 'ServicePrincipal']) });
const port = z.int().min(1).max(65_535);
const httpsOrigin = z.string().regex(/^https:\/\/[^\s/]+$/, 'an https URL without a path');
/** What Azure Resource Manager takes as the name of a tag, and no longer than a storage account does. */
const tagName = z
  .string()
  .regex(
    /^(?!azure|microsoft|windows)[^<>%&\\?/]{1,128}$/i,
    'a name of 1 to 128 characters without <>%&\\?/ that does not begin with azure, microsoft or windows',
  );
const publicCertificate = z
  .string()
  .max(20_000)
  .superRefine((pem, context) => {
    if (pem.includes('PRIVATE KEY'))
      context.addIssue({ code: 'custom', message: 'a public certificate only; the private key stays on the site' });
    else {
      try {
        new X509Certificate(pem);
      } catch {
        context.addIssue({ code: 'custom', message: 'an X.509 certificate in PEM' });
      }
    }
  });

const largestRawFile = maxRawBytes(diskBytes(jobCpu['data-pipeline']));

/** Everything that a stack may set, as `factory-loop:<key>`. */
export const configurationSchema = z.strictObject({
  factory: slug(20).default('plant-one'),
  location: z
    .string()
    .regex(/^[a-z0-9]{3,40}$/, 'the short name of an Azure region, such as westeurope')
    .default('westeurope'),
  profile: z.enum(profileNames).default('dev'),
  /** What this stack is: the platform and a factory, or one of them; a factory alone names the platform's stack. */
  parts: z.enum(['both', 'platform', 'factory']).default('both'),
  platformStack: z
    .string()
    .regex(/^[^\s/]+\/[^\s/]+\/[^\s/]+$/, 'a stack as <organization>/<project>/<stack>')
    .optional(),
  dataset: z
    .strictObject({
      /** Smoke tests have data sets of their own beside it. */
      name: slug(40)
        .refine((name) => !isReservedDataset(name), 'another name: those that begin with smoke belong to smoke tests')
        .default('line'),
      /** Columns are detected where they are not given. */
      timeColumn: column.optional(),
      labelColumns: z.array(column).max(20).default([]),
      ignoredColumns: z.array(column).max(200).default([]),
      windowSeconds: z.number().min(0.1).max(86_400).default(30),
      strideSeconds: z.number().min(0.1).max(86_400).default(10),
      referenceFraction: z.union([z.literal('auto'), z.number().min(0.1).max(1)]).default('auto'),
      settleSeconds: z.int().min(0).max(3_600).default(15),
      maxFileBytes: z
        .int()
        .min(1)
        .max(largestRawFile, `at most ${largestRawFile}, half of the disk of the data pipeline's job: cut recordings into smaller files`)
        .default(2_000_000_000),
    })
    .prefault({}),
  retrain: z
    .strictObject({
      minNewWindows: z.int().min(1).max(1e9).default(500),
      minIntervalSeconds: z.int().min(0).max(31_536_000).default(86_400),
    })
    .prefault({}),
  gate: z
    .strictObject({
      maxFalseAlarmRate: z.number().min(0).max(1).default(0.15),
      minFaultDetection: z.number().min(0).max(1).default(0.8),
      minLabelAuc: z.number().min(0).max(1).default(0.7),
    })
    .prefault({}),
  /** Whether a validated package goes to the factory by itself; without it the profile decides. */
  release: z.enum(['automatic', 'approved']).optional(),
  delivery: z
    .strictObject({
      sasLifetimeSeconds: z.int().min(60).max(86_400).default(3_600),
      stepTimeoutSeconds: z.int().min(5).max(86_400).default(300),
      deliveryTimeoutSeconds: z.int().min(10).max(604_800).default(86_400),
    })
    .prefault({}),
  jobs: z.strictObject({ pollingIntervalSeconds: z.int().min(1).max(3_600).default(30) }).prefault({}),
  /** The simulated factory; without `enabled` the profile decides. */
  edgeSite: z
    .strictObject({
      enabled: z.boolean().optional(),
      lineMode: z.enum(['simulate', 'idle']).default('simulate'),
      databusPort: port.default(1883),
      sampleIntervalMs: z.int().min(1).max(3_600_000).default(1_000),
      /** A certificate that the deployment makes is good for 180 days; the next number is the next key and certificate. */
      certificateSerial: z.int().min(1).max(1_000_000).default(1),
      /** The certificate of the number before counts, too, until the site has switched. */
      certificateOverlap: z.boolean().default(true),
      /** When the site is up: outside these hours it is gone, with its packages and buffers, and costs nothing. */
      hours: siteHours.default({ timezone: 'Europe/Berlin', days: '1-5', from: '09:00', to: '11:00' }),
      /** The containers share one network, so each port is used once. */
      otlpPort: port.default(4318),
      modelMonitorPort: port.default(4319),
      ingestionProxyPort: port.default(8081),
      metricsProxyPort: port.default(8082),
      dataCollectorHubPort: port.default(8083),
      telemetryIntervalMs: z.int().min(100).max(3_600_000).default(15_000),
      /** A batch of inference data is uploaded when it is full or when nothing came for this long. */
      batchIdleMs: z.int().min(100).max(3_600_000).default(60_000),
      batchMaxRecords: z.int().min(1).max(maxBatchRecords).default(10_000),
    })
    .prefault({}),
  /** Who may read what the loop made, and who may drop raw files. */
  readers: z.array(principal).max(20).default([]),
  rawWriters: z.array(principal).max(20).default([]),
  /** Who may let a delivery go to the factory, or refuse it, where `release` is approved. */
  approvers: z.array(principal).max(20).default([]),
  /** Who may take away again what smoke tests made; to run one, they are readers and raw writers, too. */
  smokeTesters: z.array(principal).max(20).default([]),
  cloud: z
    .strictObject({
      resourceManagerEndpoint: httpsOrigin.default('https://management.azure.com'),
      resourceManagerAudience: httpsOrigin.default('https://management.azure.com'),
      authorityHost: httpsOrigin.default('https://login.microsoftonline.com'),
      keyVaultDisableChallengeVerification: z.boolean().default(false),
      /** Asking again returns as soon as it is allowed; a pause takes its whole time. */
      roleAssignmentWaitSeconds: z.int().min(0).max(3_600).default(900),
      propagationSeconds: z.int().min(0).max(1_800).default(240),
      /** How long Container Apps may take to mount a new version of a secret. */
      secretRefreshSeconds: z.int().min(0).max(86_400).default(1_800),
      /** For sign-in authorities that the public cloud's instance discovery does not know. */
      disableInstanceDiscovery: z.boolean().default(false),
      logsQueryEndpoint: httpsOrigin.default('https://api.loganalytics.io'),
      monitorAudience: httpsOrigin.default('https://monitor.azure.com'),
    })
    .prefault({}),
  deployerPrincipalType: z.enum(['User', 'ServicePrincipal']).default('User'),
  imageSource: z.enum(['build', 'prebuilt']).default('build'),
  /** Where base images are imported from, by the same digest: Docker Hub throttles what is shared. */
  baseImageRegistry: imageRegistry().optional(),
  prebuiltImages: z
    .partialRecord(
      z.enum(Object.keys(programs) as [keyof typeof programs]),
      z.string().regex(/^[^\s@]+@sha256:[0-9a-f]{64}$/, 'an image by digest, <registry>/<name>@sha256:<64 hex digits>'),
    )
    .default({}),
  /** Public certificates of the site: the current one and, while it is being replaced, the next one. */
  siteCertificates: z.array(publicCertificate).max(2).default([]),
  /** The site's key and configuration documents in a vault, as in Siemens' official sample; without it no person needs to read a vault. */
  siteDocuments: z
    .strictObject({
      keyVault: z.boolean().default(false),
      suffix: z.string().regex(documentSuffix, 'six lower case letters and digits').optional(),
      transport: z.enum(hubTransports).default('tls'),
      /** Who may read the two documents, and nothing else of the vault. */
      engineers: z.array(principal).max(20).default([]),
    })
    .prefault({}),
  sourceCommit: z.string().min(1).max(100).optional(),
  tags: z
    .record(tagName, z.string().max(256))
    .refine((tags) => Object.keys(tags).length <= 40, "at most 40 tags: Azure takes 50, and some are the stack's own")
    .refine(
      (tags) => new Set(Object.keys(tags).map((name) => name.toLowerCase())).size === Object.keys(tags).length,
      'names that differ by more than case',
    )
    .default({}),
  /** Who the resources are for, as tags; without `environment` the profile. */
  environment: z.string().min(1).max(100).optional(),
  costCentre: z.string().min(1).max(100).optional(),
  /** Settings of the resources: those not given are the profile's. */
  storage: storageSettings.partial().prefault({}),
  registry: registrySettings.partial().prefault({}),
  keyVault: keyVaultSettings.partial().prefault({}),
  expectedLoad: expectedLoadSettings.partial().prefault({}),
  iotHub: iotHubSettings.prefault({}),
  eventHubs: eventHubsSettings.partial().prefault({}),
  training: trainingSettings.partial().prefault({}),
  logs: logSettings.partial().prefault({}),
  budget: budgetSettings.partial().prefault({}),
  alerts: alertSettings.partial().prefault({}),
  protectData: z
    .enum(['true', 'false'])
    .transform((given) => given === 'true')
    .optional(),
  logAnalyticsWorkspace: workspaceSource,
  containerRegistry: registrySource,
  servicePrincipal: servicePrincipalSource,
});

type Given = z.output<typeof configurationSchema>;
export type Configuration = Omit<Given, keyof ResourceSettings | 'release' | 'edgeSite' | 'environment'> &
  ResourceSettings & {
    readonly environment: string;
    readonly release: 'automatic' | 'approved';
    readonly edgeSite: Omit<Given['edgeSite'], 'enabled'> & { readonly enabled: boolean };
  };
