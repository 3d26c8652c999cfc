import { ResourceGroup } from '@pulumi/azure-native/resources';
import * as pulumi from '@pulumi/pulumi';
import { RandomString } from '@pulumi/random';
import { KeyVault } from './access/keyVault';
import type { Configuration } from './configuration/schema';
import {
  registryName,
  resourceGroupName,
  storageAccountName,
  suffixLength,
  systemTopicName,
  vaultName,
  type NameParts,
} from './resource/names';
import type { Deployer } from './resource/deployer';
import type { PlatformLinks, TelemetryTargets } from './resource/platformLinks';
import { platformAlerts } from './observability/alertRules';
import { MonthlyBudget } from './observability/monthlyBudget';
import { Monitoring } from './observability/monitoring';
import { OperatorAlerts } from './observability/operatorAlerts';
import { existingRegistry } from './programs/existingRegistry';
import { ImageRegistry } from './programs/imageRegistry';
import { EventTopic } from './storage/eventTopic';
import { modelContainers } from './configuration/containers';
import { SecureAccount } from './storage/secureAccount';
import { MachineLearning } from './training/machineLearning';
import { TrainingCluster } from './training/trainingCluster';

export interface PlatformArgs {
  /** Settings of the stack. */
  readonly configuration: Configuration;
  /** Name of the stack; part of the resource group's name. */
  readonly stack: string;
  /** Subscription, tenant and principal of whoever deploys. */
  readonly deployer: pulumi.Output<Deployer>;
  /** Tags of every resource that can have them. */
  readonly tags: Readonly<Record<string, string>>;
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
  /** ARM ids of what holds data, to be locked. */
  readonly dataResources: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:index:Platform', name, {}, opts);
    const { configuration, deployer, tags } = args;
    const { location, factory } = configuration;
    const { storage, logs, alerts, training, protectData, containerRegistry, logAnalyticsWorkspace } = configuration;
    const { propagationSeconds } = configuration.cloud;
    const child = { parent: this };
    const suffix = new RandomString(`${name}-suffix`, { length: suffixLength, special: false, upper: false }, child);
    const names = suffix.result.apply((text): NameParts => ({ owner: factory, suffix: text }));
    const group = new ResourceGroup(name, { resourceGroupName: resourceGroupName(args.stack), location, tags }, child);
    const place = { resourceGroupName: group.name, location, tags };
    const { subscriptionId, tenantId } = deployer;

    const monitoring = new Monitoring(
      'monitoring',
      {
        ...place,
        names,
        logs,
        propagationSeconds,
        ...(logAnalyticsWorkspace === 'create' ? {} : { existingWorkspaceId: logAnalyticsWorkspace.existing }),
      },
      child,
    );
    const diagnostics = { workspaceId: monitoring.logAnalyticsId };
    const registry =
      containerRegistry === 'create'
        ? new ImageRegistry(
            'registry',
            { ...place, diagnostics, registryName: names.apply(registryName), ...configuration.registry, protect: protectData },
            child,
          )
        : existingRegistry(containerRegistry.existing, child);
    const vault = new KeyVault(
      'ml-vault',
      {
        ...place,
        vaultName: names.apply((parts) => vaultName('ml', parts)),
        tenantId,
        diagnostics,
        softDeleteDays: configuration.keyVault.softDeleteDays,
        protect: protectData,
      },
      child,
    );
    const account = new SecureAccount(
      'ml',
      {
        ...place,
        accountName: names.apply((parts) => storageAccountName('ml', parts)),
        diagnostics,
        containers: modelContainers,
        ...storage,
        protect: protectData,
      },
      child,
    );
    const { models } = account.containers;
    const workspace = new MachineLearning(
      'machine-learning',
      {
        ...place,
        names,
        subscriptionId,
        account: { id: account.id, name: account.accountName, blobEndpoint: account.blobEndpoint },
        modelsContainer: models.name,
        vaultId: vault.id,
        applicationInsightsId: monitoring.applicationInsightsId,
        registryId: registry.id,
        propagationSeconds,
        diagnostics,
      },
      child,
    );
    const cluster = new TrainingCluster(
      'training-cluster',
      { ...place, names, workspaceName: workspace.workspaceName, ...training },
      { ...child, dependsOn: [...workspace.ready] },
    );
    const topic = new EventTopic(
      'ml-events',
      {
        ...place,
        diagnostics,
        systemTopicName: names.apply((parts) => systemTopicName('ml', parts)),
        source: workspace.id,
        topicType: 'Microsoft.MachineLearningServices.Workspaces',
      },
      child,
    );
    const operator = !alerts.enabled
      ? undefined
      : new OperatorAlerts(
          'platform-alerts',
          {
            ...place,
            names,
            logAnalyticsId: monitoring.logAnalyticsId,
            rules: platformAlerts(training.maxNodes, alerts),
            signals: { workspaceId: workspace.id, topicId: topic.id },
            emails: alerts.emails,
            evaluationMinutes: alerts.evaluationMinutes,
          },
          child,
        );
    const told = operator === undefined ? alerts.emails : [operator.actionGroupId];
    if (configuration.budget.monthlyAmount > 0 && told.length > 0) {
      new MonthlyBudget(
        'budget',
        {
          scope: group.id,
          names,
          ...configuration.budget,
          emails: alerts.emails,
          actionGroupIds: operator === undefined ? [] : [operator.actionGroupId],
        },
        child,
      );
    }

    this.resourceGroup = { name: group.name, id: group.id };
    this.logAnalyticsId = monitoring.logAnalyticsId;
    this.applicationInsightsId = monitoring.applicationInsightsId;
    this.telemetry = monitoring.telemetry;
    this.registry = { id: registry.id, loginServer: registry.loginServer };
    this.workspace = { id: workspace.id, name: workspace.workspaceName, modelsDatastore: workspace.modelsDatastore };
    this.models = { accountId: account.id, blobEndpoint: account.blobEndpoint, containerId: models.id, containerName: models.name };
    this.trainingCluster = { id: cluster.id, principalId: cluster.principalId, clientId: cluster.clientId };
    this.workspaceEvents = { topicName: topic.topicName, principalId: topic.principalId };
    this.dataResources = {
      'ml-account': account.id,
      'ml-vault': vault.id,
      ...(containerRegistry === 'create' ? { registry: registry.id } : {}),
    };
    this.registerOutputs({
      resourceGroup: this.resourceGroup,
      logAnalyticsId: this.logAnalyticsId,
      applicationInsightsId: this.applicationInsightsId,
      telemetry: this.telemetry,
      registry: this.registry,
      workspace: this.workspace,
      models: this.models,
      trainingCluster: this.trainingCluster,
      workspaceEvents: this.workspaceEvents,
    });
  }
}
