import { Component } from '@pulumi/azure-native/applicationinsights';
import { AzureMonitorWorkspace, getDataCollectionEndpointOutput, getDataCollectionRuleOutput } from '@pulumi/azure-native/monitor';
import { Workspace } from '@pulumi/azure-native/operationalinsights';
import * as pulumi from '@pulumi/pulumi';
import type { ResourceSettings } from '../configuration/effectiveSettings';
import { known } from '../resource/known';
import { applicationInsightsName, logAnalyticsName, monitorWorkspaceName, type NameParts } from '../resource/names';
import { defaultPropagationSeconds, waitForPropagation } from '../resource/propagationDelay';
import type { TelemetryTargets } from '../resource/platformLinks';
import { attach, type UniformArgs } from '../resource/uniformComponent';
import { tableDeployment } from './tableDeployment';
import { tableSettings } from './tableSettings';

/** Roles and lock are the Log Analytics workspace's; so are the diagnostics, its audit of queries, by default into itself. It acts as nobody. */
export interface MonitoringArgs extends Omit<UniformArgs, 'identity'> {
  /** Resource group of all three. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** What the names are made of. */
  readonly names: pulumi.Input<NameParts>;
  /** Retention, archive, table plans and daily cap of the Log Analytics workspace; default 30 days, no archive, 1 GB a day. */
  readonly logs?: ResourceSettings['logs'];
  /** ARM id of a Log Analytics workspace that is there already, which is then used and left as it is; default a new one. */
  readonly existingWorkspaceId?: string;
  /** How long a new workspace is given before its tables are set; default 240. */
  readonly propagationSeconds?: number;
}

const defaults = {
  propagationSeconds: defaultPropagationSeconds,
  logs: { retentionDays: 30, totalRetentionDays: 30, dailyQuotaGb: 1, tables: {} },
};

const stream = 'Microsoft-PrometheusMetrics';

/** Host of the ingestion endpoint that a connection string names. */
function ingestionHost(connectionString: string): string {
  const endpoint = /(?:^|;)IngestionEndpoint=(https:\/\/[^;]+)/i.exec(connectionString)?.[1];
  if (endpoint === undefined) throw new Error('the connection string of Application Insights names no IngestionEndpoint');
  return new URL(endpoint).host;
}

function groupOf(id: string): string {
  const group = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)\//i.exec(id)?.[1];
  if (group === undefined) throw new Error(`expected the ARM id of a resource in a resource group, got ${id}`);
  return group;
}

/** Log Analytics, Application Insights and an Azure Monitor workspace; senders use Entra tokens only. */
export class Monitoring extends pulumi.ComponentResource {
  readonly logAnalyticsId: pulumi.Output<string>;
  readonly applicationInsightsId: pulumi.Output<string>;
  readonly telemetry: TelemetryTargets;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:observability:Monitoring', name, {}, opts);
    const { resourceGroupName, location, logs, existingWorkspaceId, propagationSeconds, ...uniform } = { ...defaults, ...args };
    const names = pulumi.output(uniform.names);
    const resourceArgs = { resourceGroupName, location, ...(uniform.tags === undefined ? {} : { tags: uniform.tags }) };
    this.logAnalyticsId =
      existingWorkspaceId === undefined
        ? this.workspace(name, { ...resourceArgs, workspaceName: names.apply(logAnalyticsName) }, { logs, propagationSeconds }, uniform)
        : pulumi.output(existingWorkspaceId);
    const insights = new Component(
      `${name}-insights`,
      {
        ...resourceArgs,
        resourceName: names.apply(applicationInsightsName),
        kind: 'web',
        applicationType: 'web',
        ingestionMode: 'LogAnalytics',
        workspaceResourceId: this.logAnalyticsId,
        disableLocalAuth: true,
      },
      { parent: this },
    );
    const metrics = new AzureMonitorWorkspace(
      `${name}-metrics`,
      { ...resourceArgs, azureMonitorWorkspaceName: names.apply(monitorWorkspaceName) },
      { parent: this },
    );
    // Azure makes a rule and an endpoint with the workspace, in a group of its own; only their ids are among the outputs.
    const ingestion = metrics.defaultIngestionSettings;
    const [ruleId, endpointId] = [
      ingestion.apply((settings) => known(settings?.dataCollectionRuleResourceId, 'dataCollectionRuleResourceId')),
      ingestion.apply((settings) => known(settings?.dataCollectionEndpointResourceId, 'dataCollectionEndpointResourceId')),
    ];
    const groupAndName = (id: pulumi.Output<string>) => ({
      resourceGroupName: id.apply(groupOf),
      name: id.apply((text) => text.split('/').pop() ?? ''),
    });
    const [ruleAt, endpointAt] = [groupAndName(ruleId), groupAndName(endpointId)];
    const rule = getDataCollectionRuleOutput(
      { resourceGroupName: ruleAt.resourceGroupName, dataCollectionRuleName: ruleAt.name },
      { parent: this },
    );
    const endpoint = getDataCollectionEndpointOutput(
      { resourceGroupName: endpointAt.resourceGroupName, dataCollectionEndpointName: endpointAt.name },
      { parent: this },
    );
    this.applicationInsightsId = insights.id;
    this.telemetry = {
      instrumentationKey: insights.instrumentationKey.apply((key) => known(key, 'instrumentationKey')),
      ingestionHost: insights.connectionString.apply((text) => ingestionHost(known(text, 'connectionString'))),
      remoteWriteHost: endpoint.apply(
        ({ metricsIngestion }) => new URL(known(metricsIngestion?.endpoint, 'metricsIngestion.endpoint')).host,
      ),
      remoteWritePath: rule.apply(
        ({ immutableId }) => `/dataCollectionRules/${immutableId}/streams/${stream}/api/v1/write?api-version=2023-04-24`,
      ),
      metricsRuleId: ruleId,
      metricsWorkspaceId: metrics.id,
      metricsQueryEndpoint: metrics.metrics.apply((endpoints: { prometheusQueryEndpoint?: string } | undefined) =>
        known(endpoints?.prometheusQueryEndpoint, 'prometheusQueryEndpoint'),
      ),
    };
    this.registerOutputs({
      logAnalyticsId: this.logAnalyticsId,
      applicationInsightsId: this.applicationInsightsId,
      metricsWorkspaceId: metrics.id,
      instrumentationKey: this.telemetry.instrumentationKey,
    });
  }

  private workspace(
    name: string,
    resourceArgs: {
      resourceGroupName: pulumi.Input<string>;
      location: pulumi.Input<string>;
      tags?: Readonly<Record<string, string>>;
      workspaceName: pulumi.Output<string>;
    },
    { logs, propagationSeconds }: { logs: ResourceSettings['logs']; propagationSeconds: number },
    uniform: UniformArgs,
  ): pulumi.Output<string> {
    const workspace = new Workspace(
      `${name}-logs`,
      {
        ...resourceArgs,
        sku: { name: 'PerGB2018' },
        retentionInDays: logs.retentionDays,
        workspaceCapping: { dailyQuotaGb: logs.dailyQuotaGb },
        features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true },
      },
      { parent: this },
    );
    const tables = tableSettings(logs);
    if (tables.length > 0) {
      // Just after its creation a workspace may answer "Workspace not active".
      const active = waitForPropagation(`${name}-active`, propagationSeconds, [workspace], this);
      tableDeployment(
        `${name}-tables`,
        { resourceGroupName: resourceArgs.resourceGroupName, workspaceName: workspace.name, tables },
        { parent: this, dependsOn: active },
      );
    }
    attach(name, { ...uniform, diagnostics: { workspaceId: workspace.id, ...uniform.diagnostics } }, { id: workspace.id }, this);
    return workspace.id;
  }
}
