import { keyOf, ofKind, type DeclaredResource } from '../declaredResource';
import { between, demanding, demandingInProduction, inProduction, is, oneOf, present, type Rule } from '../rule';

const pillar = 'reliability';

const dataKinds = ['StorageAccount', 'Vault', 'Registry'] as const;
/** What holds data and no lock is made of. */
const unlocked = (resources: readonly DeclaredResource[]) => {
  const locked = new Set(
    ofKind(resources, 'Lock')
      .filter(({ props }) => props['level'] === 'CanNotDelete' || props['level'] === 'ReadOnly')
      .flatMap(({ madeOf }) => madeOf['scope'] ?? []),
  );
  return ofKind(resources, ...dataKinds).filter((resource) => !locked.has(keyOf(resource)));
};

export const reliabilityRules: readonly Rule[] = [
  demandingInProduction(
    {
      name: 'zone-redundant',
      pillar,
      description: 'In production what the service can spread over availability zones is spread.',
      reason:
        'A zone that fails must not stop deliveries. The Container Apps environment needs a network of its own for it and is not asked yet.',
    },
    oneOf('StorageAccount', 'sku.name', 'Standard_ZRS', 'Standard_GZRS', 'Standard_RAGZRS'),
    is('EventHubs', 'zoneRedundant', true),
    is('PremiumRegistry', 'zoneRedundancy', 'Enabled'),
  ),
  demandingInProduction(
    {
      name: 'storage-failover',
      pillar,
      description: 'In production storage has a copy in a second region to fail over to.',
      reason: 'Raw data, models and packages cannot be measured again.',
    },
    oneOf('StorageAccount', 'sku.name', 'Standard_GRS', 'Standard_RAGRS', 'Standard_GZRS', 'Standard_RAGZRS'),
  ),
  demanding(
    {
      name: 'blobs-recoverable',
      pillar,
      description: 'Deleted blobs and containers can be brought back for at least a week.',
      reason: 'A mistake is noticed days later; soft delete is what undoes it.',
    },
    is('BlobService', 'deleteRetentionPolicy.enabled', true),
    between('BlobService', 'deleteRetentionPolicy.days', 7, 365),
    is('BlobService', 'containerDeleteRetentionPolicy.enabled', true),
    between('BlobService', 'containerDeleteRetentionPolicy.days', 7, 365),
  ),
  demandingInProduction(
    {
      name: 'blobs-versioned',
      pillar,
      description: 'In production an overwritten blob leaves its version.',
      reason: 'Lineage says which data a model was trained on; an overwritten file would make that a lie.',
    },
    is('BlobService', 'isVersioningEnabled', true),
  ),
  {
    name: 'data-locked',
    pillar,
    description: 'In production what holds data has a lock in Azure and is protected in Pulumi.',
    reason: "One wrong command must not delete a plant's data.",
    judgeStack: (resources) =>
      !inProduction(resources)
        ? []
        : [
            ...unlocked(resources).map(({ name }) => `${name}: no lock, expected CanNotDelete`),
            ...ofKind(resources, ...dataKinds)
              .filter(({ protect }) => !protect)
              .map(({ name }) => `${name}: protect is false, expected true`),
          ],
  },
  demanding(
    {
      name: 'events-kept',
      pillar,
      description: 'An event that a queue does not take is tried again for a day and then kept.',
      reason: 'A lost event is a step of the loop that never starts, and nobody notices.',
    },
    between('EventSubscription', 'retryPolicy.maxDeliveryAttempts', 10, 30),
    between('EventSubscription', 'retryPolicy.eventTimeToLiveInMinutes', 1_440, 1_440),
    is('EventSubscription', 'deadLetterWithResourceIdentity.deadLetterDestination.endpointType', 'StorageBlob'),
    is('EventSubscription', 'deliveryWithResourceIdentity.destination.endpointType', 'StorageQueue'),
    between('EventSubscription', 'deliveryWithResourceIdentity.destination.queueMessageTimeToLiveInSeconds', 86_400, 31_536_000),
  ),
  demanding(
    {
      name: 'messages-kept',
      pillar,
      description: 'Messages between cloud and factory outlive a restart on either side.',
      reason: 'The model manager and the delivery program are both offline at times.',
    },
    between('EventHub', 'retentionDescription.retentionTimeInHours', 24, 168),
    between('IotHub', 'properties.cloudToDevice.maxDeliveryCount', 10, 100),
    present('IotHub', 'properties.cloudToDevice.defaultTtlAsIso8601', 'how long a message waits for the device'),
  ),
  demanding(
    {
      name: 'programs-restart',
      pillar,
      description: 'A job that failed is tried again; the delivery program has a replica at all times.',
      reason: 'A transient fault must not need a person.',
    },
    between('Job', 'configuration.replicaRetryLimit', 1, 10),
    between('Job', 'configuration.replicaTimeout', 60, 86_400),
    between('DeliveryApp', 'template.scale.minReplicas', 1, 1),
  ),
];
