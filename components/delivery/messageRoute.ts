import { ConsumerGroup, EventHub, Namespace } from '@pulumi/azure-native/eventhub';
import { IotHubResource } from '@pulumi/azure-native/iothub';
import * as pulumi from '@pulumi/pulumi';
import { programIdentity } from '../access/programIdentity';
import { RoleGrants, servicePrincipal } from '../access/roleGrants';
import { rowsOf } from '../access/roleMatrix';
import { eventHubsName, iotHubName, type NameParts } from '../naming';
import type { Profile } from '../profiles';

export interface MessageRouteArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  readonly names: pulumi.Output<NameParts>;
  readonly subscriptionId: pulumi.Input<string>;
  readonly profile: Pick<Profile, 'iotHub' | 'eventHubs'>;
  readonly roleAssignmentWaitSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Host, with the port where it is not the scheme's own. */
export const hostOf = (endpoint: string) => new URL(endpoint).host;

const eventHubName = 'device-messages';
const hour = 'PT1H';

/**
 * The IoT hub and the event hub that it routes every device message to. The hub takes no shared key from services or
 * devices; its built-in endpoint would need one, so nothing falls back to it.
 */
export class MessageRoute extends pulumi.ComponentResource {
  readonly iotHubId: pulumi.Output<string>;
  readonly iotHubHost: pulumi.Output<string>;
  readonly eventHubId: pulumi.Output<string>;
  readonly eventHubsHost: pulumi.Output<string>;
  readonly eventHubName: pulumi.Output<string>;
  /** Consumer group of the delivery program. */
  readonly deliveryConsumerGroup: pulumi.Output<string>;
  /** Consumer group of those who only watch. */
  readonly evidenceConsumerGroup: pulumi.Output<string>;

  constructor(name: string, args: MessageRouteArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:delivery:MessageRoute', name, {}, opts);
    const { resourceGroupName, location, names, subscriptionId, profile, tags } = args;
    const namespace = new Namespace(`${name}-events`, {
      resourceGroupName, location, tags, namespaceName: names.apply(eventHubsName), sku: { name: 'Standard', tier: 'Standard', capacity: profile.eventHubs.throughputUnits },
      disableLocalAuth: true, minimumTlsVersion: '1.2', publicNetworkAccess: 'Enabled',
    }, { parent: this });
    const eventHub = new EventHub(`${name}-device-messages`, {
      resourceGroupName, namespaceName: namespace.name, eventHubName, partitionCount: profile.eventHubs.partitions,
      retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: profile.eventHubs.retentionHours },
    }, { parent: this });
    const consumerGroup = (consumerGroupName: string) =>
      new ConsumerGroup(`${name}-${consumerGroupName}`, { resourceGroupName, namespaceName: namespace.name, eventHubName: eventHub.name, consumerGroupName }, { parent: this }).name;

    const identity = programIdentity('iot-hub', args, { parent: this });
    const grants = new RoleGrants(`${name}-routing`, {
      rows: rowsOf('iot-hub'), actors: { 'iot-hub': servicePrincipal(identity.principalId) }, scopes: { 'event-hub': eventHub.id }, subscriptionId, waitSeconds: args.roleAssignmentWaitSeconds,
    }, { parent: this });
    const eventHubsHost = namespace.serviceBusEndpoint.apply(hostOf);
    const hub = new IotHubResource(name, {
      resourceGroupName, location, tags, resourceName: names.apply(iotHubName), sku: { name: profile.iotHub.sku, capacity: profile.iotHub.units },
      identity: { type: 'UserAssigned', userAssignedIdentities: [identity.id] },
      properties: {
        disableLocalAuth: true, disableDeviceSAS: true, disableModuleSAS: true, enableFileUploadNotifications: false, publicNetworkAccess: 'Enabled',
        cloudToDevice: { defaultTtlAsIso8601: hour, maxDeliveryCount: 10, feedback: { ttlAsIso8601: hour, lockDurationAsIso8601: 'PT60S', maxDeliveryCount: 10 } },
        routing: {
          endpoints: {
            eventHubs: [{
              name: eventHubName, authenticationType: 'identityBased', identity: { userAssignedIdentity: identity.id }, endpointUri: pulumi.interpolate`sb://${eventHubsHost}`,
              entityPath: eventHub.name, resourceGroup: resourceGroupName, subscriptionId,
            }],
          },
          routes: [{ name: eventHubName, source: 'DeviceMessages', condition: 'true', endpointNames: [eventHubName], isEnabled: true }],
          fallbackRoute: { name: '$fallback', source: 'DeviceMessages', condition: 'true', endpointNames: ['events'], isEnabled: false },
        },
      },
    }, { parent: this, dependsOn: [...grants.ready] });
    this.iotHubId = hub.id;
    this.iotHubHost = hub.properties.hostName;
    this.eventHubId = eventHub.id;
    this.eventHubsHost = eventHubsHost;
    this.eventHubName = eventHub.name;
    this.deliveryConsumerGroup = consumerGroup('delivery');
    this.evidenceConsumerGroup = consumerGroup('evidence');
    this.registerOutputs({ iotHubId: this.iotHubId, iotHubHost: this.iotHubHost, eventHubId: this.eventHubId, eventHubsHost, eventHubName: this.eventHubName });
  }
}
