import { Component } from '@pulumi/azure-native/applicationinsights';
import { AzureMonitorWorkspace, getDataCollectionEndpointOutput, getDataCollectionRuleOutput } from '@pulumi/azure-native/monitor';
import { Workspace } from '@pulumi/azure-native/operationalinsights';
import * as pulumi from '@pulumi/pulumi';
import { known } from '../known';
import { applicationInsightsName, logAnalyticsName, monitorWorkspaceName, type NameParts } from '../naming';

export interface MonitoringArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  readonly names: pulumi.Output<NameParts>;
  readonly retentionDays: number;
  /** Ingestion stops for the day at this volume; -1 is no limit. */
  readonly dailyQuotaGb: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Where telemetry goes and where it is asked; plain values, none a secret. */
export interface TelemetryTargets {
  readonly instrumentationKey: pulumi.Output<string>;
  /** Hosts that a sender with a token writes to. */
  readonly ingestionHost: pulumi.Output<string>;
  readonly remoteWriteHost: pulumi.Output<string>;
  readonly remoteWritePath: pulumi.Output<string>;
  /** ARM ids of the data collection rule and of the workspace behind it. */
  readonly metricsRuleId: pulumi.Output<string>;
  readonly metricsWorkspaceId: pulumi.Output<string>;
  readonly metricsQueryEndpoint: pulumi.Output<string>;
}

const stream = 'Microsoft-PrometheusMetrics';

/** Host of the ingestion endpoint that a connection string names. */
export function ingestionHost(connectionString: string): string {
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
    const { resourceGroupName, location, names, tags } = args;
    const place = { resourceGroupName, location, tags };
    const logs = new Workspace(`${name}-logs`, {
      ...place, workspaceName: names.apply(logAnalyticsName), sku: { name: 'PerGB2018' }, retentionInDays: args.retentionDays, workspaceCapping: { dailyQuotaGb: args.dailyQuotaGb },
      features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true },
    }, { parent: this });
    const insights = new Component(`${name}-insights`, {
      ...place, resourceName: names.apply(applicationInsightsName), kind: 'web', applicationType: 'web', ingestionMode: 'LogAnalytics', workspaceResourceId: logs.id, disableLocalAuth: true,
    }, { parent: this });
    const metrics = new AzureMonitorWorkspace(`${name}-metrics`, { ...place, azureMonitorWorkspaceName: names.apply(monitorWorkspaceName) }, { parent: this });
    // Azure makes a rule and an endpoint with the workspace, in a group of its own; only their ids are among the outputs.
    const ingestion = metrics.defaultIngestionSettings;
    const [ruleId, endpointId] = [ingestion.apply((one) => known(one?.dataCollectionRuleResourceId, 'dataCollectionRuleResourceId')), ingestion.apply((one) => known(one?.dataCollectionEndpointResourceId, 'dataCollectionEndpointResourceId'))];
    const placeOf = (id: pulumi.Output<string>) => ({ resourceGroupName: id.apply(groupOf), name: id.apply((text) => text.split('/').pop() ?? '') });
    const [rulePlace, endpointPlace] = [placeOf(ruleId), placeOf(endpointId)];
    const rule = getDataCollectionRuleOutput({ resourceGroupName: rulePlace.resourceGroupName, dataCollectionRuleName: rulePlace.name }, { parent: this });
    const endpoint = getDataCollectionEndpointOutput({ resourceGroupName: endpointPlace.resourceGroupName, dataCollectionEndpointName: endpointPlace.name }, { parent: this });
    this.logAnalyticsId = logs.id;
    this.applicationInsightsId = insights.id;
    this.telemetry = {
      instrumentationKey: insights.instrumentationKey.apply((key) => known(key, 'instrumentationKey')), ingestionHost: insights.connectionString.apply((text) => ingestionHost(known(text, 'connectionString'))),
      remoteWriteHost: endpoint.apply(({ metricsIngestion }) => new URL(known(metricsIngestion?.endpoint, 'metricsIngestion.endpoint')).host),
      remoteWritePath: rule.apply(({ immutableId }) => `/dataCollectionRules/${immutableId}/streams/${stream}/api/v1/write?api-version=2023-04-24`),
      metricsRuleId: ruleId, metricsWorkspaceId: metrics.id, metricsQueryEndpoint: metrics.metrics.apply((one: { prometheusQueryEndpoint?: string } | undefined) => known(one?.prometheusQueryEndpoint, 'prometheusQueryEndpoint')),
    };
    this.registerOutputs({ logAnalyticsId: this.logAnalyticsId, applicationInsightsId: this.applicationInsightsId, metricsWorkspaceId: metrics.id });
  }
}
