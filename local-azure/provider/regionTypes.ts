import type { LocalRegion } from '../region/localRegion';
import { accessTypes } from './accessTypes';
import { alertTypes } from './alertTypes';
import { commandTypes } from './commandTypes';
import { containerAppsTypes } from './containerAppsTypes';
import { containerRegistryTypes } from './containerRegistryTypes';
import { deploymentTypes } from './deploymentTypes';
import { eventGridTypes } from './eventGridTypes';
import { eventHubsTypes } from './eventHubsTypes';
import { existingTypes } from './existingTypes';
import { identityTypes } from './identityTypes';
import { iotHubTypes } from './iotHubTypes';
import { keyVaultTypes } from './keyVaultTypes';
import { lockTypes, withLocks } from './lockTypes';
import { machineLearningTypes } from './machineLearningTypes';
import { monitorTypes } from './monitorTypes';
import { randomTypes } from './randomTypes';
import { resourceGroupTypes } from './resourceGroupTypes';
import type { Properties, ProviderPart } from '../region/resourceType';
import { storageTypes } from './storageTypes';

/** Every Pulumi type that the region answers, on its services. */
export function regionTypes(region: LocalRegion): ProviderPart[] {
  const { context, entra, storage } = region;
  const locks = context.openStore<Properties>('provider/locks');
  return withLocks(
    [
      resourceGroupTypes(context),
      randomTypes(context),
      commandTypes(context, entra),
      identityTypes(context, entra),
      accessTypes(context, entra),
      keyVaultTypes(region.keyVault),
      containerRegistryTypes(context, region.containerRegistry),
      storageTypes(storage, entra),
      eventGridTypes(region.eventGrid, storage, entra),
      eventHubsTypes(region.eventHubs),
      iotHubTypes(region.iotHub),
      containerAppsTypes(region.containerApps, entra, context.openStore<Properties>('provider/container-environments'), context.clock),
      machineLearningTypes(region.machineLearning, entra, context.openStore<Properties>('provider/machine-learning'), context.clock),
      monitorTypes(region.monitor, context.clock),
      alertTypes(region.monitor.declared, () => context.clock.now()),
      deploymentTypes(region.monitor.declared, context.openStore<Properties>('provider/deployments'), () => context.clock.now()),
      lockTypes(locks),
      existingTypes(region.containerRegistry, entra),
    ],
    locks,
  );
}
