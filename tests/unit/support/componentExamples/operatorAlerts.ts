import { OperatorAlerts } from '../../../../components/observability/operatorAlerts';
import { monitoring } from './monitoring';

export const alerts = new OperatorAlerts('plant-alerts', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  names: { owner: 'plant-nord', suffix: 'x7k2' },
  logAnalyticsId: monitoring.logAnalyticsId,
  emails: ['operator@example.com'],
  signals: { factory: 'plant-nord' },
  rules: [
    {
      kind: 'log',
      name: 'edge-errors',
      title: 'The edge reports errors',
      severity: 2,
      windowMinutes: 60,
      operator: 'GreaterThan',
      threshold: 10,
      advice: 'Look at the log of the site.',
      query: ({ factory }) => `AppTraces | where SeverityLevel >= 3 and tostring(Properties.factory) == '${factory}'`,
    },
  ],
});
