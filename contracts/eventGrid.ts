import { z } from 'zod';

/** Event Grid schema events as they arrive in a storage queue: base64 of one JSON object. */
export const eventGridEvent = z.object({
  id: z.string(),
  topic: z.string(),
  subject: z.string(),
  eventType: z.string(),
  eventTime: z.string(),
  dataVersion: z.string(),
  metadataVersion: z.string().optional(),
  data: z.unknown(),
});
export type EventGridEvent = z.output<typeof eventGridEvent>;

export const blobCreated = z
  .object({ api: z.string(), eTag: z.string(), contentLength: z.number(), url: z.string(), sequencer: z.string(), blobType: z.string() })
  .loose();
export const modelRegistered = z
  .object({
    ModelName: z.string(),
    ModelVersion: z.union([z.number(), z.string()]),
    ModelTags: z.record(z.string(), z.string()).nullish(),
    ModelProperties: z.record(z.string(), z.string()).nullish(),
  })
  .loose();

const subjectOfBlob = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/;

/** Container and blob name from the subject; the URL is in the cloud's form and is not for reading. */
export function blobOfSubject(subject: string): { container: string; name: string } {
  const match = subjectOfBlob.exec(subject);
  if (!match?.[1] || !match[2]) throw new Error(`expected a blob subject, got "${subject}"`);
  return { container: match[1], name: match[2] };
}

/** The blob that a BlobCreated event is about; undefined for any other message. */
export function createdBlob(message: unknown): { container: string; name: string } | undefined {
  const event = eventGridEvent
    .extend({ eventType: z.literal('Microsoft.Storage.BlobCreated'), data: blobCreated, subject: z.string().regex(subjectOfBlob) })
    .safeParse(message);
  return event.success ? blobOfSubject(event.data.subject) : undefined;
}

export function decodeQueueMessage(messageText: string): unknown {
  if (messageText.length > 96 * 1024) throw new Error('queue message is longer than Azure allows');
  return JSON.parse(Buffer.from(messageText, 'base64').toString('utf8')) as unknown;
}
export const encodeQueueMessage = (value: unknown) => Buffer.from(JSON.stringify(value), 'utf8').toString('base64');
