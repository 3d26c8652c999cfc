import { roleTypes } from './authorization/roleTypes';
import { alertTypes } from './monitor/alertTypes';
import { commandTypes } from './provider/commandTypes';
import { containerAppsTypes } from './container-apps/containerAppsTypes';
import { containerRegistryTypes } from './container-registry/containerRegistryTypes';
import { deploymentTypes } from './resource-manager/deploymentTypes';
import { eventGridTypes } from './event-grid/eventGridTypes';
import { eventHubsTypes } from './event-hubs/eventHubsTypes';
import { identityTypes } from './entra/identityTypes';
import { iotHubTypes } from './iot-hub/iotHubTypes';
import { keyVaultTypes } from './key-vault/keyVaultTypes';
import { lockTypes, withLocks } from './authorization/lockTypes';
import { overviewTypes } from './monitor/overviewTypes';
import { logTableTemplate, logTableTypes } from './monitor/logTableTypes';
import { machineLearningTypes } from './machine-learning/machineLearningTypes';
import { monitorTypes } from './monitor/monitorTypes';
import { randomTypes } from './provider/randomTypes';
import { resourceGroupTypes } from './resource-manager/resourceGroupTypes';
import type { Properties, ProviderPart } from './region/resourceType';
import { storageTypes } from './storage/storageTypes';
import type { RegionContext } from './region/regionContext';
import type { Entra } from './entra/entra';
import type { KeyVault } from './key-vault/keyVault';
import type { ContainerRegistry } from './container-registry/containerRegistry';
import type { Storage } from './storage/storage';
import type { EventGrid } from './event-grid/eventGrid';
import type { EventHubs } from './event-hubs/eventHubs';
import type { IotHub } from './iot-hub/iotHub';
import type { ContainerApps } from './container-apps/containerApps';
import type { MachineLearning } from './machine-learning/machineLearning';
import type { Monitor } from './monitor/monitor';

/** The services that answer for the types. */
interface RegionServices {
  readonly context: RegionContext;
  readonly entra: Entra;
  readonly keyVault: KeyVault;
  readonly containerRegistry: ContainerRegistry;
  readonly storage: Storage;
  readonly eventGrid: EventGrid;
  readonly eventHubs: EventHubs;
  readonly iotHub: IotHub;
  readonly containerApps: ContainerApps;
  readonly machineLearning: MachineLearning;
  readonly monitor: Monitor;
}

/** Every Pulumi type that the region answers, on its services. */
export function regionTypes(region: RegionServices): ProviderPart[] {
  const { context, entra, monitor, storage } = region;
  const now = () => context.clock.now();
  const locks = context.openStore<Properties>('provider/locks');
  return withLocks(
    [
      resourceGroupTypes(context),
      randomTypes(context),
      commandTypes(context, entra),
      identityTypes(context, entra),
      roleTypes(context, entra),
      keyVaultTypes(region.keyVault),
      containerRegistryTypes(context, region.containerRegistry),
      storageTypes(storage, entra),
      eventGridTypes(region.eventGrid, storage, entra),
      eventHubsTypes(region.eventHubs),
      iotHubTypes(region.iotHub),
      containerAppsTypes(region.containerApps, entra, context.openStore<Properties>('provider/container-environments'), context.clock),
      machineLearningTypes(region.machineLearning, entra, context.openStore<Properties>('provider/machine-learning'), context.clock),
      monitorTypes(monitor, context.clock),
      alertTypes(monitor.declared, now),
      overviewTypes(monitor.declared, now),
      logTableTypes(monitor.declared, now),
      deploymentTypes([logTableTemplate(monitor.declared, now)], context.openStore<Properties>('provider/deployments'), now),
      lockTypes(locks),
    ],
    locks,
  );
}
