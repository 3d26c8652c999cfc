import { BlobContainer, BlobServiceProperties, Queue, StorageAccount } from '@pulumi/azure-native/storage';
import * as pulumi from '@pulumi/pulumi';
import { known } from '../known';

export interface SecureAccountArgs<Container extends string, QueueName extends string> {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  /** 3 to 24 lower case letters and digits, unique in the world. */
  readonly accountName: pulumi.Input<string>;
  readonly sku: 'Standard_LRS' | 'Standard_ZRS';
  readonly containers: readonly Container[];
  readonly queues: readonly QueueName[];
  /** How long deleted and overwritten blobs can be recovered. */
  readonly softDeleteDays: number;
  /** Pulumi refuses to delete the account. */
  readonly protect: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

const byName = <Name extends string, T>(names: readonly Name[], make: (name: Name) => T) => Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;

/** A storage account that takes Entra tokens only: no shared keys, no anonymous access, TLS 1.2, soft delete. */
export class SecureAccount<Container extends string, QueueName extends string> extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly accountName: pulumi.Output<string>;
  readonly blobEndpoint: pulumi.Output<string>;
  readonly queueEndpoint: pulumi.Output<string>;
  readonly containers: Readonly<Record<Container, BlobContainer>>;
  readonly queues: Readonly<Record<QueueName, Queue>>;

  constructor(name: string, args: SecureAccountArgs<Container, QueueName>, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:storage:SecureAccount', name, {}, opts);
    const { resourceGroupName } = args;
    const account = new StorageAccount(name, {
      resourceGroupName, location: args.location, accountName: args.accountName, kind: 'StorageV2', sku: { name: args.sku }, accessTier: 'Hot',
      allowSharedKeyAccess: false, defaultToOAuthAuthentication: true, allowBlobPublicAccess: false, allowCrossTenantReplication: false, allowedCopyScope: 'AAD',
      enableHttpsTrafficOnly: true, minimumTlsVersion: 'TLS1_2', publicNetworkAccess: 'Enabled', networkRuleSet: { defaultAction: 'Allow', bypass: 'AzureServices' }, tags: args.tags,
    }, { parent: this, protect: args.protect });
    const accountName = account.name;
    new BlobServiceProperties(`${name}-blobs`, {
      resourceGroupName, accountName, blobServicesName: 'default',
      deleteRetentionPolicy: { enabled: true, days: args.softDeleteDays }, containerDeleteRetentionPolicy: { enabled: true, days: args.softDeleteDays },
    }, { parent: this });
    this.containers = byName(args.containers, (containerName) => new BlobContainer(`${name}-${containerName}`, { resourceGroupName, accountName, containerName, publicAccess: 'None' }, { parent: this }));
    this.queues = byName(args.queues, (queueName) => new Queue(`${name}-${queueName}`, { resourceGroupName, accountName, queueName }, { parent: this }));
    this.id = account.id;
    this.accountName = accountName;
    this.blobEndpoint = account.primaryEndpoints.apply((endpoints) => known(endpoints.blob, 'primaryEndpoints.blob'));
    this.queueEndpoint = account.primaryEndpoints.apply((endpoints) => known(endpoints.queue, 'primaryEndpoints.queue'));
    this.registerOutputs({ id: this.id, accountName, blobEndpoint: this.blobEndpoint, queueEndpoint: this.queueEndpoint });
  }
}
