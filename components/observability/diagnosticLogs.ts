import { DiagnosticSetting } from '@pulumi/azure-native/monitor';
import type * as pulumi from '@pulumi/pulumi';

/** Sends every log category of a resource to Log Analytics. */
export const diagnosticLogs = (name: string, resourceUri: pulumi.Input<string>, workspaceId: pulumi.Input<string>, opts: pulumi.CustomResourceOptions): DiagnosticSetting =>
  new DiagnosticSetting(`${name}-logs`, { name: 'to-log-analytics', resourceUri, workspaceId, logAnalyticsDestinationType: 'Dedicated', logs: [{ categoryGroup: 'allLogs', enabled: true }] }, opts);
