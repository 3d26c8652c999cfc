/** Tables that the stack's telemetry and diagnostic settings fill, as far as Azure keeps them apart; IoT Hub and others still write AzureDiagnostics. */
export const logTables = [
  'AppTraces',
  'AppMetrics',
  'AppExceptions',
  'ContainerAppConsoleLogs',
  'ContainerAppSystemLogs',
  'StorageBlobLogs',
  'StorageQueueLogs',
  'AZKVAuditLogs',
  'AzureDiagnostics',
  'AmlComputeClusterEvent',
  'AmlComputeJobEvent',
  'AmlRunStatusChangedEvent',
] as const;
export type LogTable = (typeof logTables)[number];

/** Tables that may have the Basic plan, by "Supported resource logs for Azure Monitor"; the others are refused by Azure. */
export const basicPlanTables: readonly LogTable[] = ['AppTraces', 'ContainerAppConsoleLogs', 'StorageBlobLogs', 'StorageQueueLogs'];
/** Tables that the alert rules ask; a rule can only ask the Analytics plan. */
export const alertTables: readonly LogTable[] = ['AppTraces', 'AppMetrics', 'ContainerAppConsoleLogs', 'ContainerAppSystemLogs'];
/** Days that Azure keeps a table of the Basic plan for asking: fixed. */
export const basicRetentionDays = 30;
