import { z } from 'zod';

/**
 * Siemens' wire between the delivery pipeline and the AI Model Manager: property names and body fields are the ones of the
 * public reference code and must not change. Ours only under `attributes` and as extra fields of our simulator's states.
 */
export interface ApplicationProperties {
  readonly type: 'event' | 'data' | 'state';
  readonly kind?: 'newDelivery' | 'presignedUrlRequest' | 'presignedUrlResponse';
  readonly deliveryId: string;
  readonly projectId?: string;
}

export const newDeliveryBody = z.looseObject({
  packageId: z.string(),
  packageVersion: z.string(),
  eventId: z.string(),
  timestamp: z.iso.datetime(),
  attributes: z
    .looseObject({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      sizeBytes: z.number().int().positive(),
      packageName: z.string(),
      factory: z.string(),
      schemaVersion: z.literal('1'),
    })
    .partial()
    .optional(),
});
export type NewDeliveryBody = z.output<typeof newDeliveryBody>;

export const presignedUrlResponseBody = z.looseObject({
  timestamp: z.iso.datetime(),
  attributes: z.looseObject({
    presignedUrl: z.url(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    sizeBytes: z.number().int().positive().optional(),
    expiresAt: z.iso.datetime().optional(),
  }),
});
export type PresignedUrlResponseBody = z.output<typeof presignedUrlResponseBody>;

/** Ours: what our simulator says of the link it got, so that the site itself vouches for it. Never the signature. */
export const linkShown = z.object({ blob: z.string().max(2_000), permissions: z.string().max(20), expiresAt: z.string().max(40) });
export type LinkShown = z.output<typeof linkShown>;

/** Only `Success` and `Error` end a delivery; any other state is progress. */
export const stateBody = z.looseObject({
  state: z.string().min(1).max(100),
  previousState: z.string().optional(),
  reason: z.string().max(2_000).optional(),
  packageId: z.string().optional(),
  packageVersion: z.string().optional(),
  timestamp: z.iso.datetime().optional(),
  link: linkShown.optional(),
});
export type StateBody = z.output<typeof stateBody>;
export const isTerminal = (state: string): state is 'Success' | 'Error' => state === 'Success' || state === 'Error';
export const simulatorStates = [
  'Received',
  'Assessing',
  'UrlRequested',
  'Downloading',
  'Verifying',
  'Importing',
  'Activating',
  'Success',
  'Error',
] as const;
export type SimulatorState = (typeof simulatorStates)[number];
