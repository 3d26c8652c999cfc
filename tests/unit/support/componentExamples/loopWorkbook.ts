import { LoopWorkbook } from '../../../../components/observability/loopWorkbook';
import { environment } from './containerEnvironment';
import { monitoring } from './monitoring';

export const workbook = new LoopWorkbook('workbook', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  factory: 'plant-nord',
  logAnalyticsId: monitoring.logAnalyticsId,
  environmentId: environment.id,
});
