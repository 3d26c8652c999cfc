import { z } from 'zod';

/**
 * One blob per delivery (`<deliveryId>.json` in the deliveries container), changed only under its ETag. The delivery id is a
 * UUID made from package id, version and device, so opening the same delivery twice makes one record.
 */
export const deliveryRecord = z.object({
  schemaVersion: z.literal('1'),
  deliveryId: z.uuid(),
  projectId: z.uuid(),
  factory: z.string(),
  deviceId: z.string(),
  packageId: z.uuid(),
  packageVersion: z.string(),
  packageName: z.string(),
  packageBlob: z.string(),
  sha256: z.string(),
  sizeBytes: z.number().int().positive(),
  modelName: z.string(),
  modelVersion: z.string(),
  dataVersion: z.string(),
  /** `AwaitingApproval` becomes `Opened` or `Rejected` by a person; every other state is the delivery program's. */
  state: z.enum([
    'AwaitingApproval',
    'Rejected',
    'Opened',
    'NewDelivery',
    'PresignedUrlRequested',
    'PresignedUrlCreated',
    'Success',
    'Error',
    'TimedOut',
  ]),
  /** What the gate measured, for whoever decides: `name=figure` pairs. */
  gateFigures: z.string().max(2_000).optional(),
  /** Who decided that it goes to the factory, or does not. `by` is what the person's own token says; the storage logs have the identity that wrote. */
  decision: z
    .object({ by: z.string().max(300), at: z.iso.datetime(), approved: z.boolean(), reason: z.string().max(1_000).optional() })
    .optional(),
  /** Last state string that the AIMM reported, whatever it was. */
  reportedState: z.string().optional(),
  openedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  announcements: z.number().int().nonnegative(),
  history: z.array(z.object({ at: z.iso.datetime(), event: z.string(), detail: z.string().optional() })).max(1_000),
});
export type DeliveryRecord = z.output<typeof deliveryRecord>;

/** Message in the queue of `delivery`, and after a decision in that of `tag-and-deliver` (base64 JSON, as Event Grid writes its own). */
export const deliveryMessage = z.object({ deliveryId: z.uuid() });
