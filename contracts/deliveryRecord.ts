import { z } from 'zod';

/**
 * One blob per delivery (`<deliveryId>.json` in the deliveries container), changed only under its ETag. The delivery id is a
 * UUID made from package id, version and device, so opening the same delivery twice makes one record.
 */
export const deliveryRecord = z.object({
  schemaVersion: z.literal('1'), deliveryId: z.uuid(), projectId: z.uuid(), factory: z.string(), deviceId: z.string(),
  packageId: z.uuid(), packageVersion: z.string(), packageName: z.string(), packageBlob: z.string(), sha256: z.string(), sizeBytes: z.number().int().positive(),
  modelName: z.string(), modelVersion: z.string(), dataVersion: z.string(),
  state: z.enum(['AwaitingApproval', 'Opened', 'NewDelivery', 'PresignedUrlRequested', 'PresignedUrlCreated', 'Success', 'Error', 'TimedOut']),
  /** Last state string that the AIMM reported, whatever it was. */
  reportedState: z.string().optional(),
  openedAt: z.iso.datetime(), updatedAt: z.iso.datetime(), announcements: z.number().int().nonnegative(),
  history: z.array(z.object({ at: z.iso.datetime(), event: z.string(), detail: z.string().optional() })).max(1_000),
});
export type DeliveryRecord = z.output<typeof deliveryRecord>;

/** Message in the delivery queue (base64 JSON, as Event Grid writes its own). */
export const deliveryMessage = z.object({ deliveryId: z.uuid() });
