import { randomUUID } from 'node:crypto';

/** What differs from event to event. */
export interface QueueEvent {
  readonly eventType: string;
  readonly subject: string;
  readonly data: unknown;
}

/** An event as Event Grid puts it into the queue of a program. */
export const queueEvent = (event: QueueEvent) => ({
  id: randomUUID(),
  topic: 'topic',
  eventTime: new Date().toISOString(),
  dataVersion: '',
  metadataVersion: '1',
  ...event,
});

export const blobCreated = (container: string, blob: string): QueueEvent => ({
  eventType: 'Microsoft.Storage.BlobCreated',
  subject: `/blobServices/default/containers/${container}/blobs/${blob}`,
  data: { api: 'PutBlob', eTag: '0x1', contentLength: 1, url: 'https://x', sequencer: '1', blobType: 'BlockBlob' },
});
