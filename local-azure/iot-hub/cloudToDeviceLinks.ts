import rhea, { type EventContext, type Message, type Receiver } from 'rhea';
import { unauthorized, type AmqpError, type AmqpPeer, type AmqpService } from '../amqp/amqpService';
import type { Clock } from '../region/clock';
import type { DeviceQueues } from './deviceQueues';
import { maxPendingMessages, maxTimeToLiveMs } from './deviceQueues';
import type { DeviceRegistry } from './deviceRegistry';
import type { HubProperties, HubRecord } from './hubRecord';
import type { MessageProperties } from './propertyBag';

export const iotHubAudiences = ['https://iothubs.azure.net'] as const;
const sendToDeviceAction = 'Microsoft.Devices/IotHubs/cloudToDeviceMessages/send/action';
const maxCommandBytes = 64 * 1024;
const devicePath = /^\/devices\/([^/]+)\/messages\/devicebound$/;

/** Ids travel as strings, UUIDs as 16 bytes. */
const idText = (id: unknown): string | undefined =>
  Buffer.isBuffer(id) ? rhea.uuid_to_string(id) : id === undefined || id === null ? undefined : String(id);

function bodyOf(message: Message): Buffer {
  const body = message.body as { content?: unknown } | Buffer | string | undefined;
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === 'string') return Buffer.from(body);
  const content = body?.content;
  if (Buffer.isBuffer(content)) return content;
  return Array.isArray(content) ? Buffer.concat(content.filter((part): part is Buffer => Buffer.isBuffer(part))) : Buffer.alloc(0);
}

function propertiesOf(message: Message, to: string): MessageProperties {
  const application: Record<string, string> = {};
  for (const [name, value] of Object.entries((message.application_properties ?? {}) as Record<string, unknown>))
    if (name !== 'iothub-ack') application[name] = String(value);
  const system: Record<string, string> = {};
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) system[name] = value;
  };
  set('mid', idText(message.message_id));
  set('cid', idText(message.correlation_id));
  set('uid', idText(message.user_id));
  set('to', to);
  set('ct', message.content_type);
  set('ce', message.content_encoding);
  if (message.absolute_expiry_time !== undefined && message.absolute_expiry_time !== null)
    set('exp', new Date(message.absolute_expiry_time).toISOString());
  return { application, system };
}

interface CommandParts {
  readonly record: HubRecord;
  readonly properties: () => HubProperties;
  readonly registry: DeviceRegistry;
  readonly queues: DeviceQueues;
  readonly clock: Clock;
  queued(deviceId: string): void;
}

/** The service side of a hub over AMQP: cloud-to-device messages of callers with a token and a role. */
export function cloudToDeviceLinks({ record, properties, registry, queues, clock, queued }: CommandParts): AmqpService {
  function accept(message: Message, peer: AmqpPeer): AmqpError | undefined {
    const decision = peer.authorize([sendToDeviceAction], record.id);
    if (!decision.allowed) return unauthorized(`${sendToDeviceAction}: ${decision.reason}`);
    const match = devicePath.exec(String(message.to ?? ''));
    if (!match?.[1])
      return {
        condition: 'amqp:not-allowed',
        description: `expected to = /devices/<id>/messages/devicebound, got "${String(message.to)}"`,
      };
    const deviceId = decodeURIComponent(match[1]);
    if (!registry.get(record.id, deviceId))
      return { condition: 'amqp:not-found', description: `ErrorCode:DeviceNotFound; the device ${deviceId} is not registered` };
    const body = bodyOf(message);
    const messageProperties = propertiesOf(message, String(message.to));
    const sizeBytes =
      body.length + Object.entries(messageProperties.application).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (sizeBytes > maxCommandBytes)
      return {
        condition: 'amqp:link:message-size-exceeded',
        description: `a cloud-to-device message may have ${maxCommandBytes} bytes with its properties, this one has ${sizeBytes}`,
      };
    const now = clock.now().getTime();
    const expiry =
      message.absolute_expiry_time === undefined || message.absolute_expiry_time === null
        ? now + properties().cloudToDevice.defaultTtlAsIso8601
        : new Date(message.absolute_expiry_time).getTime();
    const entered = queues.enqueue({
      hubId: record.id,
      deviceId,
      properties: messageProperties,
      bodyBase64: body.toString('base64'),
      expiresMs: Math.min(expiry, now + maxTimeToLiveMs),
    });
    if (!entered)
      return {
        condition: 'amqp:resource-limit-exceeded',
        description: `ErrorCode:DeviceMaximumQueueDepthExceeded; ${maxPendingMessages} messages wait for ${deviceId} already`,
      };
    queued(deviceId);
    return undefined;
  }

  function openWriter(link: Receiver, address: string, peer: AmqpPeer): AmqpError | undefined {
    if (address !== '/messages/devicebound')
      return { condition: 'amqp:not-found', description: `expected /messages/devicebound, got "${address}"` };
    const decision = peer.authorize([sendToDeviceAction], record.id);
    if (!decision.allowed) return unauthorized(`${sendToDeviceAction}: ${decision.reason}`);
    link.on('message', ({ message, delivery }: EventContext) => {
      if (!message || !delivery) return;
      const refusal = accept(message, peer);
      if (refusal) delivery.reject({ condition: refusal.condition, description: refusal.description });
      else delivery.accept();
    });
    return undefined;
  }

  return {
    name: 'iot-hub',
    audiences: iotHubAudiences,
    scope: record.id,
    openWriter,
    nodes: {},
    openReader: (_link, address) => ({ condition: 'amqp:not-implemented', description: `the local region does not serve "${address}"` }),
  };
}
