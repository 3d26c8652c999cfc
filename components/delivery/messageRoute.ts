import { ConsumerGroup, EventHub, Namespace } from '@pulumi/azure-native/eventhub';
import { IotHubResource } from '@pulumi/azure-native/iothub';
import type * as inputs from '@pulumi/azure-native/types/input';
import * as pulumi from '@pulumi/pulumi';
import { programIdentity } from '../access/programIdentity';
import { RoleGrants, servicePrincipal } from '../access/roleGrants';
import { rowsOf } from '../access/roleMatrix';
import { eventHubsName, iotHubName, type NameParts } from '../resource/names';
import { defaultPropagationSeconds } from '../resource/propagationDelay';
import { attach, identityOf, type UniformArgs } from '../resource/uniformComponent';
import type { HubSize } from '../configuration/iotHubSize';

/** Roles are given at the hub. */
export interface MessageRouteArgs extends UniformArgs {
  /** Resource group of hub and event hub. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** What the names are made of. */
  readonly names: pulumi.Input<NameParts>;
  /** Subscription of both. */
  readonly subscriptionId: pulumi.Input<string>;
  /** Tier and units of the hub, as `cheapestHub` finds them for a load; default one unit of S1. */
  readonly hub?: HubSize;
  /** Size of the event hub and its namespace; default one unit, two partitions, one day, one zone. */
  readonly eventHubs?: {
    readonly throughputUnits: number;
    readonly partitions: number;
    readonly retentionHours: number;
    readonly zoneRedundant: boolean;
  };
  /** How long the hub's role at the event hub is given to take effect; default 240. */
  readonly propagationSeconds?: number;
}

const defaults = {
  hub: { tier: 'S1', units: 1 },
  eventHubs: { throughputUnits: 1, partitions: 2, retentionHours: 24, zoneRedundant: false },
  propagationSeconds: defaultPropagationSeconds,
} as const;

/** Host, with the port where it is not the scheme's own. */
const hostOf = (endpoint: string) => new URL(endpoint).host;

const eventHubName = 'device-messages';
const hour = 'PT1H';

/** A hub whose every device message goes to the event hub, sent there as the identity; no key opens it. */
const hubProperties = (
  endpoint: Omit<inputs.iothub.RoutingEventHubPropertiesArgs, 'name' | 'authenticationType' | 'identity'>,
  identityId: pulumi.Input<string>,
): inputs.iothub.IotHubPropertiesArgs => ({
  disableLocalAuth: true,
  disableDeviceSAS: true,
  disableModuleSAS: true,
  enableFileUploadNotifications: false,
  publicNetworkAccess: 'Enabled',
  cloudToDevice: {
    defaultTtlAsIso8601: hour,
    maxDeliveryCount: 10,
    feedback: { ttlAsIso8601: hour, lockDurationAsIso8601: 'PT60S', maxDeliveryCount: 10 },
  },
  routing: {
    endpoints: {
      eventHubs: [{ name: eventHubName, authenticationType: 'identityBased', identity: { userAssignedIdentity: identityId }, ...endpoint }],
    },
    routes: [{ name: eventHubName, source: 'DeviceMessages', condition: 'true', endpointNames: [eventHubName], isEnabled: true }],
    fallbackRoute: { name: '$fallback', source: 'DeviceMessages', condition: 'true', endpointNames: ['events'], isEnabled: false },
  },
});

/**
 * The IoT hub and the event hub that it routes every device message to. The hub takes no shared key from services or
 * devices; its built-in endpoint would need one, so nothing falls back to it.
 */
export class MessageRoute extends pulumi.ComponentResource {
  readonly iotHubId: pulumi.Output<string>;
  readonly iotHubHost: pulumi.Output<string>;
  readonly eventHubId: pulumi.Output<string>;
  readonly eventHubsNamespaceId: pulumi.Output<string>;
  readonly eventHubsHost: pulumi.Output<string>;
  readonly eventHubName: pulumi.Output<string>;
  /** Consumer group of the delivery program. */
  readonly deliveryConsumerGroup: pulumi.Output<string>;
  /** Consumer group of those who only watch. */
  readonly evidenceConsumerGroup: pulumi.Output<string>;

  constructor(name: string, args: MessageRouteArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:delivery:MessageRoute', name, {}, opts);
    const { resourceGroupName, location, subscriptionId, hub: size, eventHubs, propagationSeconds, ...uniform } = { ...defaults, ...args };
    const names = pulumi.output(uniform.names);
    const resourceArgs = { resourceGroupName, location, ...(uniform.tags === undefined ? {} : { tags: uniform.tags }) };
    const { namespace, eventHub } = this.eventHubs(name, resourceArgs, names, eventHubs);
    const identity = programIdentity('iot-hub', { ...resourceArgs, names }, { parent: this });
    const grants = new RoleGrants(
      `${name}-routing`,
      {
        rows: rowsOf('iot-hub'),
        actors: { 'iot-hub': servicePrincipal(identity.principalId) },
        scopes: { 'event-hub': eventHub.id },
        subscriptionId,
        waitSeconds: propagationSeconds,
      },
      { parent: this },
    );
    const identities = identityOf(uniform.identity, { userAssignedIds: [identity.id] }, 'SystemAssigned, UserAssigned');
    const eventHubsHost = namespace.serviceBusEndpoint.apply(hostOf);
    const endpointUri = pulumi.interpolate`sb://${eventHubsHost}`;
    const hub = new IotHubResource(
      name,
      {
        ...resourceArgs,
        resourceName: names.apply(iotHubName),
        sku: { name: size.tier, capacity: size.units },
        ...(identities === undefined ? {} : { identity: identities }),
        properties: hubProperties(
          { endpointUri, entityPath: eventHub.name, resourceGroup: resourceGroupName, subscriptionId },
          identity.id,
        ),
      },
      { parent: this, dependsOn: [...grants.ready] },
    );
    attach(name, uniform, { id: hub.id, logged: { [name]: hub.id, [`${name}-events`]: namespace.id } }, this);
    const consumerGroup = (consumerGroupName: string) =>
      new ConsumerGroup(
        `${name}-${consumerGroupName}`,
        { resourceGroupName, namespaceName: namespace.name, eventHubName: eventHub.name, consumerGroupName },
        { parent: this },
      ).name;
    this.iotHubId = hub.id;
    this.eventHubsNamespaceId = namespace.id;
    this.iotHubHost = hub.properties.hostName;
    this.eventHubId = eventHub.id;
    this.eventHubsHost = eventHubsHost;
    this.eventHubName = eventHub.name;
    this.deliveryConsumerGroup = consumerGroup('delivery');
    this.evidenceConsumerGroup = consumerGroup('evidence');
    this.registerOutputs({
      iotHubId: this.iotHubId,
      iotHubHost: this.iotHubHost,
      eventHubId: this.eventHubId,
      eventHubsHost,
      eventHubName: this.eventHubName,
      deliveryConsumerGroup: this.deliveryConsumerGroup,
      evidenceConsumerGroup: this.evidenceConsumerGroup,
    });
  }
  /** Where the messages of the devices arrive. */
  private eventHubs(
    name: string,
    resourceArgs: Pick<MessageRouteArgs, 'resourceGroupName' | 'location' | 'tags'>,
    names: pulumi.Output<NameParts>,
    { throughputUnits, partitions, retentionHours, zoneRedundant }: Required<MessageRouteArgs>['eventHubs'],
  ): { readonly namespace: Namespace; readonly eventHub: EventHub } {
    const namespace = new Namespace(
      `${name}-events`,
      {
        ...resourceArgs,
        namespaceName: names.apply(eventHubsName),
        sku: { name: 'Standard', tier: 'Standard', capacity: throughputUnits },
        disableLocalAuth: true,
        zoneRedundant,
        minimumTlsVersion: '1.2',
        publicNetworkAccess: 'Enabled',
      },
      { parent: this },
    );
    const eventHub = new EventHub(
      `${name}-device-messages`,
      {
        resourceGroupName: resourceArgs.resourceGroupName,
        namespaceName: namespace.name,
        eventHubName,
        partitionCount: partitions,
        retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionHours },
      },
      { parent: this },
    );
    return { namespace, eventHub };
  }
}
