import type { ProviderPart } from '../region/resourceType';
import type { Directory } from '../region/serviceInterfaces';
import type { EventGrid } from './eventGrid';
import { eventSubscriptionType, type Destinations } from './eventSubscriptionType';
import { systemTopicType } from './systemTopicType';

/** System topics and their subscriptions. */
export const eventGridTypes = (
  eventGrid: EventGrid,
  destinations: Destinations,
  directory: Pick<Directory, 'managedIdentity' | 'remove'>,
): ProviderPart => ({
  resources: [systemTopicType(eventGrid, directory), eventSubscriptionType(eventGrid, destinations)],
  functions: [],
});
