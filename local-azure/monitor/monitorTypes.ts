import type { Clock } from '../region/clock';
import { declaredTypes } from '../region/declaredType';
import type { ProviderPart } from '../region/resourceType';
import { dataCollectionEndpointType, dataCollectionRuleType, lookUp } from './collectionTypes';
import type { Monitor } from './monitor';
import { componentType, diagnosticSettingType, logWorkspaceType, metricsWorkspaceType } from './monitorWorkspaceTypes';

/** Azure Monitor in Pulumi: Log Analytics, Application Insights, Monitor workspace, diagnostic settings, data collection. */
export function monitorTypes(monitor: Monitor, clock: Clock): ProviderPart {
  const now = () => clock.now();
  return {
    resources: declaredTypes(
      [
        logWorkspaceType(monitor, now),
        componentType(monitor, now),
        metricsWorkspaceType(monitor),
        diagnosticSettingType(monitor),
        dataCollectionEndpointType(monitor),
        dataCollectionRuleType,
      ],
      monitor.declared,
      now,
    ),
    functions: [
      lookUp(monitor, 'azure-native:monitor:getDataCollectionRule', 'dataCollectionRules', 'dataCollectionRuleName'),
      lookUp(monitor, 'azure-native:monitor:getDataCollectionEndpoint', 'dataCollectionEndpoints', 'dataCollectionEndpointName'),
    ],
  };
}
