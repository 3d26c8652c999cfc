import { BlobContainer, BlobServiceProperties, ManagementPolicy, Queue, StorageAccount } from '@pulumi/azure-native/storage';
import * as pulumi from '@pulumi/pulumi';
import { known } from '../resource/known';
import { archiveRedundancies, type Lifecycle, type redundancies } from '../configuration/resourceSettings';
import { attach, identityOf, type UniformArgs } from '../resource/uniformComponent';
import { lifecycleRules } from './lifecycleRules';

export interface SecureAccountArgs<Container extends string, QueueName extends string> extends UniformArgs {
  /** Resource group of the account. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** 3 to 24 lower case letters and digits, unique in the world. */
  readonly accountName: pulumi.Input<string>;
  /** Blob containers to make, none of them public. */
  readonly containers: readonly Container[];
  /** Queues to make; default none. */
  readonly queues?: readonly QueueName[];
  /** Where the copies are kept: LRS in one building, ZRS in three zones, GRS and GZRS in a second region too, RA… readable there. Default ZRS. */
  readonly redundancy?: (typeof redundancies)[number];
  /** How long deleted blobs and containers can be recovered; default 7. */
  readonly softDeleteDays?: number;
  /** Whether a change or a deletion leaves the earlier blob as a version; default false. */
  readonly versioning?: boolean;
  /** How long versions are kept; default 30. */
  readonly versionDays?: number;
  /** Ages at which the blobs of a container get a cheaper tier or go; default never. The archive is there for LRS, GRS and RAGRS only. */
  readonly lifecycle?: Readonly<Partial<Record<Container, Lifecycle>>>;
  /** Pulumi refuses to delete the account; default false. */
  readonly protect?: boolean;
}

const byName = <Name extends string, T>(names: readonly Name[], make: (name: Name) => T) =>
  Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
const defaults = {
  queues: [],
  redundancy: 'ZRS',
  softDeleteDays: 7,
  versioning: false,
  versionDays: 30,
  lifecycle: {},
  protect: false,
} as const;

/** What every account has: Entra ID is the only way in, over TLS. */
const entraOnly = {
  kind: 'StorageV2',
  accessTier: 'Hot',
  allowSharedKeyAccess: false,
  defaultToOAuthAuthentication: true,
  allowBlobPublicAccess: false,
  allowCrossTenantReplication: false,
  allowedCopyScope: 'AAD',
  enableHttpsTrafficOnly: true,
  minimumTlsVersion: 'TLS1_2',
  publicNetworkAccess: 'Enabled',
  networkRuleSet: { defaultAction: 'Allow', bypass: 'AzureServices' },
} as const;

/** A storage account that takes Entra tokens only: no shared keys, no anonymous access, TLS 1.2, soft delete. */
export class SecureAccount<Container extends string, QueueName extends string = never> extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly accountName: pulumi.Output<string>;
  readonly blobEndpoint: pulumi.Output<string>;
  readonly queueEndpoint: pulumi.Output<string>;
  readonly containers: Readonly<Record<Container, BlobContainer>>;
  readonly queues: Readonly<Record<QueueName, Queue>>;

  constructor(name: string, args: SecureAccountArgs<Container, QueueName>, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:storage:SecureAccount', name, {}, opts);
    const { resourceGroupName, softDeleteDays, ...all } = { ...defaults, ...args };
    const archived = all.containers.find(
      (container) => (all.lifecycle as Readonly<Record<string, Lifecycle | undefined>>)[container]?.archiveAfterDays !== undefined,
    );
    if (archived !== undefined && !archiveRedundancies.includes(all.redundancy))
      throw new Error(
        `the account ${name} archives blobs of ${archived} and is ${all.redundancy}: Azure archives blobs of ${archiveRedundancies.join(', ')} accounts only; use coldAfterDays`,
      );
    const identity = identityOf(all.identity, {}, 'SystemAssigned,UserAssigned');
    const account = new StorageAccount(
      name,
      {
        resourceGroupName,
        location: all.location,
        accountName: all.accountName,
        sku: { name: `Standard_${all.redundancy}` },
        ...entraOnly,
        ...(identity === undefined ? {} : { identity }),
        ...(all.tags === undefined ? {} : { tags: all.tags }),
      },
      { parent: this, protect: all.protect },
    );
    const accountName = account.name;
    const blobs = new BlobServiceProperties(
      `${name}-blobs`,
      {
        resourceGroupName,
        accountName,
        blobServicesName: 'default',
        isVersioningEnabled: all.versioning,
        deleteRetentionPolicy: { enabled: true, days: softDeleteDays },
        containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays },
      },
      { parent: this },
    );
    const rules = lifecycleRules(all.containers, { lifecycle: all.lifecycle, versionDays: all.versioning ? all.versionDays : undefined });
    const policy =
      rules.length === 0
        ? []
        : [
            new ManagementPolicy(
              `${name}-lifecycle`,
              { resourceGroupName, accountName, managementPolicyName: 'default', policy: { rules } },
              { parent: this, dependsOn: [blobs] },
            ),
          ];
    this.containers = byName(
      all.containers,
      (containerName) =>
        new BlobContainer(
          `${name}-${containerName}`,
          { resourceGroupName, accountName, containerName, publicAccess: 'None' },
          { parent: this },
        ),
    );
    this.queues = byName(
      all.queues as readonly QueueName[],
      (queueName) => new Queue(`${name}-${queueName}`, { resourceGroupName, accountName, queueName }, { parent: this }),
    );
    const services = {
      [`${name}-blob-service`]: 'blobServices',
      ...(all.queues.length === 0 ? {} : { [`${name}-queue-service`]: 'queueServices' }),
    };
    attach(
      name,
      all,
      {
        id: account.id,
        logged: Object.fromEntries(
          Object.entries(services).map(([of, service]) => [of, pulumi.interpolate`${account.id}/${service}/default`]),
        ),
        children: [blobs, ...policy, ...Object.values<pulumi.Resource>(this.containers), ...Object.values<pulumi.Resource>(this.queues)],
      },
      this,
    );
    this.id = account.id;
    this.accountName = accountName;
    this.blobEndpoint = account.primaryEndpoints.apply((endpoints) => known(endpoints.blob, 'primaryEndpoints.blob'));
    this.queueEndpoint = account.primaryEndpoints.apply((endpoints) => known(endpoints.queue, 'primaryEndpoints.queue'));
    this.registerOutputs({
      id: this.id,
      accountName,
      blobEndpoint: this.blobEndpoint,
      queueEndpoint: this.queueEndpoint,
      containers: Object.keys(this.containers),
      queues: Object.keys(this.queues),
    });
  }
}
