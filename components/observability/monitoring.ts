import { Component } from '@pulumi/azure-native/applicationinsights';
import { AzureMonitorWorkspace } from '@pulumi/azure-native/monitor';
import { Workspace } from '@pulumi/azure-native/operationalinsights';
import * as pulumi from '@pulumi/pulumi';
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

/** Log Analytics, Application Insights and an Azure Monitor workspace; senders use Entra tokens only. */
export class Monitoring extends pulumi.ComponentResource {
  readonly logAnalyticsId: pulumi.Output<string>;
  readonly applicationInsightsId: pulumi.Output<string>;
  readonly metricsWorkspaceId: pulumi.Output<string>;

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
    this.logAnalyticsId = logs.id;
    this.applicationInsightsId = insights.id;
    this.metricsWorkspaceId = metrics.id;
    this.registerOutputs({ logAnalyticsId: this.logAnalyticsId, applicationInsightsId: this.applicationInsightsId, metricsWorkspaceId: this.metricsWorkspaceId });
  }
}
