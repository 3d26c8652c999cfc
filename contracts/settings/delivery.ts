import { z } from 'zod';
import { httpsUrl, integer, managedIdentity, text } from './settings';

/** Settings of `delivery` (steps 8a to 8d), an always-on app. */
export const deliverySettings = z.object({
  ...managedIdentity,
  DATA_BLOB_ENDPOINT: httpsUrl(),
  DATA_QUEUE_ENDPOINT: httpsUrl(),
  QUEUE_NAME: text(),
  DELIVERIES_CONTAINER: text(),
  /** Container of the Event Hubs checkpoints, in the data account. */
  CHECKPOINTS_CONTAINER: text(),
  EDGE_BLOB_ENDPOINT: httpsUrl(),
  PACKAGED_MODELS_CONTAINER: text(),
  /** Host (and port, where it is not 5671) of the IoT Hub. */
  IOT_HUB_HOST: text(),
  /** Host (and port, where it is not 5671) of the Event Hubs namespace that the hub routes to. */
  EVENT_HUBS_HOST: text(),
  EVENT_HUB_NAME: text(),
  CONSUMER_GROUP: text(),
  SAS_LIFETIME_SECONDS: integer(60, 86_400),
  STEP_TIMEOUT_SECONDS: integer(5, 86_400),
  DELIVERY_TIMEOUT_SECONDS: integer(10, 604_800),
  /** How often the queue and the deadlines are looked at: a program that rests is billed as idle. */
  POLLING_INTERVAL_SECONDS: integer(1, 3_600),
});
export type DeliverySettings = z.output<typeof deliverySettings>;
