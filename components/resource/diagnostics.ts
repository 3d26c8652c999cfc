import { DiagnosticSetting } from '@pulumi/azure-native/monitor';
import type * as pulumi from '@pulumi/pulumi';

export interface Diagnostics {
  /** ARM id of the Log Analytics workspace. */
  readonly workspaceId: pulumi.Input<string>;
  /** Every log, or only those that audits ask for; default allLogs. */
  readonly logs?: 'allLogs' | 'audit';
  /** Platform metrics too, which Azure keeps for 93 days anyway; default false. */
  readonly metrics?: boolean;
}

/** Sends the logs of a resource to Log Analytics, each kind into a table of its own where the service can. */
export const diagnosticLogs = (
  name: string,
  resourceUri: pulumi.Input<string>,
  { workspaceId, logs = 'allLogs', metrics = false }: Diagnostics,
  opts: pulumi.CustomResourceOptions,
): DiagnosticSetting =>
  new DiagnosticSetting(
    `${name}-logs`,
    {
      name: 'to-log-analytics',
      resourceUri,
      workspaceId,
      logAnalyticsDestinationType: 'Dedicated',
      logs: [{ categoryGroup: logs, enabled: true }],
      ...(metrics ? { metrics: [{ category: 'AllMetrics', enabled: true }] } : {}),
    },
    opts,
  );
