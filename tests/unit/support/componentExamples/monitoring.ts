import { Monitoring } from '../../../../components/observability/monitoring';

export const monitoring = new Monitoring('monitoring', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  names: { owner: 'plant-nord', suffix: 'x7k2' },
  logs: { retentionDays: 60, totalRetentionDays: 365, dailyQuotaGb: 5, tables: { StorageBlobLogs: { plan: 'Basic' } } },
});
