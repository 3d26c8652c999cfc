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
import type { Diagnostics } from './resource/diagnostics';
import { platformExports, type PlatformLinks, type TelemetryTargets } from './resource/platformLinks';
import type { ResourceArgs } from './resource/resourceArgs';
import { platformAlerts, type PlatformSignals } from './observability/alertRules';
import { MonthlyBudget } from './observability/monthlyBudget';
import { Monitoring } from './observability/monitoring';
import { OperatorAlerts, type OperatorAlertsArgs } from './observability/operatorAlerts';
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

  private readonly child = { parent: this };
  /** What its parts are made with alike. */
  private readonly shared: { readonly resourceArgs: ResourceArgs; readonly names: pulumi.Output<NameParts> };

  constructor(
    name: string,
    private readonly args: PlatformArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('factory-loop:index:Platform', name, {}, opts);
    const { configuration, deployer, stack, tags } = args;
    const { location, factory, training, containerRegistry } = configuration;
    const { child } = this;
    const suffix = new RandomString(`${name}-suffix`, { length: suffixLength, special: false, upper: false }, child);
    const names = suffix.result.apply((text): NameParts => ({ owner: factory, suffix: text }));
    const group = new ResourceGroup(name, { resourceGroupName: resourceGroupName(stack), location, tags }, child);
    const resourceArgs = { resourceGroupName: group.name, location, tags };
    this.shared = { resourceArgs, names };

    const monitoring = this.monitoring();
    const { logAnalyticsId, applicationInsightsId, telemetry } = monitoring;
    const diagnostics = { workspaceId: logAnalyticsId };
    const registry = containerRegistry === 'create' ? this.imageRegistry(diagnostics) : existingRegistry(containerRegistry.existing, child);
    const vault = this.vault(diagnostics);
    const account = this.modelAccount(diagnostics);
    const { models } = account.containers;
    const workspace = new MachineLearning(
      'machine-learning',
      {
        ...resourceArgs,
        names,
        subscriptionId: deployer.subscriptionId,
        account: { id: account.id, name: account.accountName, blobEndpoint: account.blobEndpoint },
        modelsContainer: models.name,
        vaultId: vault.id,
        applicationInsightsId,
        registryId: registry.id,
        propagationSeconds: configuration.cloud.propagationSeconds,
        diagnostics,
      },
      child,
    );
    const cluster = new TrainingCluster(
      'training-cluster',
      { ...resourceArgs, names, workspaceName: workspace.workspaceName, ...training },
      { ...child, dependsOn: [...workspace.ready] },
    );
    const topic = new EventTopic(
      'ml-events',
      {
        ...resourceArgs,
        diagnostics,
        systemTopicName: names.apply((parts) => systemTopicName('ml', parts)),
        source: workspace.id,
        topicType: 'Microsoft.MachineLearningServices.Workspaces',
      },
      child,
    );
    const actionGroupIds = this.alerts({ workspaceId: workspace.id, topicId: topic.id }, logAnalyticsId);
    this.budget(group.id, actionGroupIds);

    this.resourceGroup = { name: group.name, id: group.id };
    this.logAnalyticsId = logAnalyticsId;
    this.applicationInsightsId = applicationInsightsId;
    this.telemetry = telemetry;
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
    this.registerOutputs({ ...platformExports(this).platform });
  }

  private monitoring(): Monitoring {
    const { logs, cloud, logAnalyticsWorkspace } = this.args.configuration;
    const { resourceArgs, names } = this.shared;
    return new Monitoring(
      'monitoring',
      {
        ...resourceArgs,
        names,
        logs,
        propagationSeconds: cloud.propagationSeconds,
        ...(logAnalyticsWorkspace === 'create' ? {} : { existingWorkspaceId: logAnalyticsWorkspace.existing }),
      },
      this.child,
    );
  }

  private imageRegistry(diagnostics: Diagnostics): ImageRegistry {
    const { registry, protectData } = this.args.configuration;
    const { resourceArgs, names } = this.shared;
    return new ImageRegistry(
      'registry',
      { ...resourceArgs, diagnostics, registryName: names.apply(registryName), ...registry, protect: protectData },
      this.child,
    );
  }

  /** The vault that Azure ML keeps the secrets of its workspace in. */
  private vault(diagnostics: Diagnostics): KeyVault {
    const { configuration, deployer } = this.args;
    const { resourceArgs, names } = this.shared;
    return new KeyVault(
      'ml-vault',
      {
        ...resourceArgs,
        vaultName: names.apply((parts) => vaultName('ml', parts)),
        tenantId: deployer.tenantId,
        diagnostics,
        softDeleteDays: configuration.keyVault.softDeleteDays,
        protect: configuration.protectData,
      },
      this.child,
    );
  }

  /** The workspace's own account, with the container of the models. */
  private modelAccount(diagnostics: Diagnostics): SecureAccount<(typeof modelContainers)[number]> {
    const { storage, protectData } = this.args.configuration;
    const { resourceArgs, names } = this.shared;
    return new SecureAccount(
      'ml',
      {
        ...resourceArgs,
        accountName: names.apply((parts) => storageAccountName('ml', parts)),
        diagnostics,
        containers: modelContainers,
        ...storage,
        protect: protectData,
      },
      this.child,
    );
  }

  /** Alerts, where the stack wants them; their action groups. */
  private alerts(signals: OperatorAlertsArgs<PlatformSignals>['signals'], logAnalyticsId: pulumi.Output<string>): pulumi.Output<string>[] {
    const { alerts, training } = this.args.configuration;
    if (!alerts.enabled) return [];
    const { resourceArgs, names } = this.shared;
    const rules = platformAlerts(training.maxNodes, alerts);
    const { emails, evaluationMinutes } = alerts;
    const operator = new OperatorAlerts(
      'platform-alerts',
      { ...resourceArgs, names, logAnalyticsId, rules, signals, emails, evaluationMinutes },
      this.child,
    );
    return [operator.actionGroupId];
  }

  /** A budget of nothing, or one that nobody would hear of, is none. */
  private budget(scope: pulumi.Output<string>, actionGroupIds: readonly pulumi.Output<string>[]): void {
    const { budget, alerts } = this.args.configuration;
    const { emails } = alerts;
    if (budget.monthlyAmount === 0 || actionGroupIds.length + emails.length === 0) return;
    new MonthlyBudget('budget', { scope, names: this.shared.names, ...budget, emails, actionGroupIds }, this.child);
  }
}
