import { ResourceGroup } from '@pulumi/azure-native/resources';
import * as pulumi from '@pulumi/pulumi';
import { RandomString } from '@pulumi/random';
import { KeyVault } from './access/keyVault';
import type { Configuration } from './configuration';
import { registryName, resourceGroupName, storageAccountName, suffixLength, systemTopicName, vaultName, type NameParts } from './naming';
import type { NetworkPlan } from './network/networkPlan';
import { diagnosticLogs } from './observability/diagnosticLogs';
import { Monitoring, type TelemetryTargets } from './observability/monitoring';
import { profiles } from './profiles';
import { ImageRegistry } from './programs/imageRegistry';
import { EventTopic } from './storage/eventTopic';
import { SecureAccount } from './storage/secureAccount';
import { MachineLearning } from './training/machineLearning';
import { TrainingCluster } from './training/trainingCluster';

/** Who deploys, and where. */
export interface Deployer { readonly subscriptionId: string; readonly tenantId: string; readonly objectId: string }

export interface PlatformArgs {
  readonly configuration: Configuration;
  /** Name of the stack; part of the resource group's name. */
  readonly stack: string;
  readonly deployer: pulumi.Output<Deployer>;
  /** How the parts reach each other; default public endpoints behind Entra. */
  readonly network?: NetworkPlan;
  readonly tags: Readonly<Record<string, string>>;
}

/** What a factory needs of its platform. Plain values, so that the platform may also be another stack's. */
export interface PlatformLinks {
  readonly resourceGroup: { readonly name: pulumi.Output<string>; readonly id: pulumi.Output<string> };
  readonly logAnalyticsId: pulumi.Output<string>;
  readonly applicationInsightsId: pulumi.Output<string>;
  readonly telemetry: TelemetryTargets;
  readonly registry: { readonly id: pulumi.Output<string>; readonly loginServer: pulumi.Output<string> };
  readonly workspace: { readonly id: pulumi.Output<string>; readonly name: pulumi.Output<string>; readonly modelsDatastore: pulumi.Output<string> };
  readonly models: { readonly accountId: pulumi.Output<string>; readonly blobEndpoint: pulumi.Output<string>; readonly containerId: pulumi.Output<string>; readonly containerName: pulumi.Output<string> };
  readonly trainingCluster: { readonly id: pulumi.Output<string>; readonly principalId: pulumi.Output<string>; readonly clientId: pulumi.Output<string> };
  readonly workspaceEvents: { readonly topicName: pulumi.Output<string>; readonly principalId: pulumi.Output<string> };
}

/** What factories share: machine learning, the registry, monitoring. */
export class Platform extends pulumi.ComponentResource implements PlatformLinks {
  readonly resourceGroup: PlatformLinks['resourceGroup'];
  readonly logAnalyticsId: pulumi.Output<string>;
  readonly applicationInsightsId: pulumi.Output<string>;
  readonly telemetry: TelemetryTargets;
  readonly registry: PlatformLinks['registry'];
  readonly workspace: PlatformLinks['workspace'];
  readonly models: PlatformLinks['models'];
  readonly trainingCluster: PlatformLinks['trainingCluster'];
  readonly workspaceEvents: PlatformLinks['workspaceEvents'];

  constructor(name: string, args: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:index:Platform', name, {}, opts);
    const { configuration, deployer, tags } = args;
    const { location, factory } = configuration;
    const profile = profiles[configuration.profile];
    const { roleAssignmentWaitSeconds } = configuration.cloud;
    const child = { parent: this };
    const suffix = new RandomString(`${name}-suffix`, { length: suffixLength, special: false, upper: false }, child);
    const names = suffix.result.apply((text): NameParts => ({ owner: factory, suffix: text }));
    const group = new ResourceGroup(name, { resourceGroupName: resourceGroupName(args.stack), location, tags }, child);
    const place = { resourceGroupName: group.name, location, tags };
    const { subscriptionId, tenantId } = deployer;

    const monitoring = new Monitoring('monitoring', { ...place, names, retentionDays: profile.logRetentionDays, dailyQuotaGb: profile.logDailyQuotaGb }, child);
    const registry = new ImageRegistry('registry', { ...place, registryName: names.apply(registryName), sku: profile.registrySku }, child);
    const vault = new KeyVault('ml-vault', { ...place, vaultName: names.apply((parts) => vaultName('ml', parts)), tenantId, softDeleteDays: profile.vaultSoftDeleteDays }, child);
    diagnosticLogs('ml-vault', vault.id, monitoring.logAnalyticsId, child);
    const account = new SecureAccount('ml', {
      ...place, accountName: names.apply((parts) => storageAccountName('ml', parts)), sku: profile.storageSku, containers: ['models'], queues: [], softDeleteDays: profile.softDeleteDays, protect: profile.protectData,
    }, child);
    const { models } = account.containers;
    const workspace = new MachineLearning('machine-learning', {
      ...place, names, subscriptionId, account: { id: account.id, name: account.accountName, blobEndpoint: account.blobEndpoint }, modelsContainer: models.name,
      vaultId: vault.id, applicationInsightsId: monitoring.applicationInsightsId, registryId: registry.id, roleAssignmentWaitSeconds,
    }, child);
    const cluster = new TrainingCluster('training-cluster', { ...place, names, workspaceName: workspace.workspaceName, ...profile.training }, child);
    const topic = new EventTopic('ml-events', {
      ...place, systemTopicName: names.apply((parts) => systemTopicName('ml', parts)), source: workspace.id, topicType: 'Microsoft.MachineLearningServices.Workspaces',
    }, child);

    this.resourceGroup = { name: group.name, id: group.id };
    this.logAnalyticsId = monitoring.logAnalyticsId;
    this.applicationInsightsId = monitoring.applicationInsightsId;
    this.telemetry = monitoring.telemetry;
    this.registry = { id: registry.id, loginServer: registry.loginServer };
    this.workspace = { id: workspace.id, name: workspace.workspaceName, modelsDatastore: workspace.modelsDatastore };
    this.models = { accountId: account.id, blobEndpoint: account.blobEndpoint, containerId: models.id, containerName: models.name };
    this.trainingCluster = { id: cluster.id, principalId: cluster.principalId, clientId: cluster.clientId };
    this.workspaceEvents = { topicName: topic.topicName, principalId: topic.principalId };
    this.registerOutputs({ resourceGroup: this.resourceGroup, workspace: this.workspace, registry: this.registry });
  }
}
