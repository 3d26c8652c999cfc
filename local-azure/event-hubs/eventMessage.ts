import rhea, { type Message } from 'rhea';
import type { StoredEvent } from './partitionLog';

/** System properties that AMQP has fields for; all others travel as message annotations. */
const messageFields = ['message_id', 'correlation_id', 'content_type', 'content_encoding', 'user_id', 'to', 'subject'] as const;
const timestamps = new Set(['iothub-enqueuedtime']);

/** The event as Event Hubs clients see it on the wire. */
export function eventMessage(event: StoredEvent): Message {
  const fields: Record<string, unknown> = {};
  const annotations: Record<string, unknown> = {
    'x-opt-sequence-number': rhea.types.wrap_long(event.sequenceNumber),
    'x-opt-offset': String(event.offset),
    'x-opt-enqueued-time': rhea.types.wrap_timestamp(event.enqueuedMs),
    ...(event.partitionKey === undefined ? {} : { 'x-opt-partition-key': event.partitionKey }),
  };
  for (const [key, value] of Object.entries(event.systemProperties)) {
    if ((messageFields as readonly string[]).includes(key)) fields[key] = value;
    else annotations[key] = timestamps.has(key) ? rhea.types.wrap_timestamp(Number(value)) : value;
  }
  return {
    ...fields,
    body: rhea.message.data_section(event.body) as unknown,
    message_annotations: annotations,
    application_properties: { ...event.applicationProperties },
  };
}
