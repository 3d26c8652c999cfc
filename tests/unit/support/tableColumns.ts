type Columns = Readonly<Record<string, string>>;

/** Name and type of the columns that the queries ask, as Azure documents the tables of a Log Analytics workspace and of Application Insights. */
export const tableColumns: Readonly<Record<string, Columns>> = {
  AppMetrics: { TimeGenerated: 'datetime', Properties: 'dynamic' },
  AppTraces: { TimeGenerated: 'datetime', Message: 'string', Properties: 'dynamic' },
  ContainerAppConsoleLogs: { TimeGenerated: 'datetime', _ResourceId: 'string', Log: 'string' },
  ContainerAppSystemLogs: { TimeGenerated: 'datetime', _ResourceId: 'string', Log: 'string', Reason: 'string' },
  StorageBlobLogs: { TimeGenerated: 'datetime', OperationName: 'string', StatusCode: 'string', Uri: 'string' },
  Usage: { TimeGenerated: 'datetime' },
  customMetrics: { timestamp: 'datetime', name: 'string', value: 'real', customDimensions: 'dynamic' },
  traces: { timestamp: 'datetime', message: 'string', severityLevel: 'int', customDimensions: 'dynamic' },
};

/** `_LogOperation` is no table: every workspace has it as a function over its table Operation. */
export const workspaceFunctions: Readonly<Record<string, Columns>> = {
  _LogOperation: { TimeGenerated: 'datetime', Category: 'string', Detail: 'string' },
};
