import { type ApplicationProperties, type NewDeliveryBody, type PresignedUrlResponseBody } from '../../contracts/aimmMessages';
import { type DeliveryRecord } from '../../contracts/deliveryRecord';
import { type C2dMessage } from '../clients/iotHub';

const contentType = 'application/json';
const message = (
  messageId: string,
  properties: ApplicationProperties,
  body: NewDeliveryBody | PresignedUrlResponseBody,
  expiryTimeMs: number,
): C2dMessage => ({
  messageId,
  contentType,
  expiryTimeMs,
  body: Buffer.from(JSON.stringify(body), 'utf8'),
  properties: { ...properties },
});

/** Step 8a. `messageId` is also the event id: each announcement is an event of its own. */
export function newDelivery(record: DeliveryRecord, messageId: string, now: Date, expiryTimeMs: number): C2dMessage {
  const body: NewDeliveryBody = {
    packageId: record.packageId,
    packageVersion: record.packageVersion,
    eventId: messageId,
    timestamp: now.toISOString(),
    attributes: {
      schemaVersion: '1',
      sha256: record.sha256,
      sizeBytes: record.sizeBytes,
      packageName: record.packageName,
      factory: record.factory,
    },
  };
  return message(
    messageId,
    { type: 'event', kind: 'newDelivery', deliveryId: record.deliveryId, projectId: record.projectId },
    body,
    expiryTimeMs,
  );
}

/** Step 8d. */
export function presignedUrlResponse(
  record: DeliveryRecord,
  messageId: string,
  now: Date,
  signed: { readonly url: string; readonly expiresAt: Date },
): C2dMessage {
  const body: PresignedUrlResponseBody = {
    timestamp: now.toISOString(),
    attributes: { presignedUrl: signed.url, sha256: record.sha256, sizeBytes: record.sizeBytes, expiresAt: signed.expiresAt.toISOString() },
  };
  return message(
    messageId,
    { type: 'data', kind: 'presignedUrlResponse', deliveryId: record.deliveryId, projectId: record.projectId },
    body,
    signed.expiresAt.getTime(),
  );
}
