import { z } from 'zod';
import { stateBody } from '../../contracts/aimmMessages';
import { type ExchangeEvent } from './exchange';

interface ReceivedEvent {
  readonly body: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly systemProperties?: Readonly<Record<string, unknown>>;
}
type DeviceEvent =
  | { readonly kind: 'event'; readonly deliveryId: string; readonly deviceId: string; readonly event: ExchangeEvent }
  | { readonly kind: 'ignored'; readonly reason: string };

const maximumBodyBytes = 256 * 1024;
const properties = z.looseObject({ type: z.string(), kind: z.string().optional(), deliveryId: z.uuid() });

/** The Event Hubs client hands over JSON as an object where the content type says so, else as bytes. */
function jsonOf(body: unknown): unknown {
  const text = body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : body;
  if (typeof text !== 'string') return text;
  if (text.length > maximumBodyBytes) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What a device-to-cloud message of an AI Model Manager means; the device id is the one that the hub vouches for. */
export function readDeviceEvent(received: ReceivedEvent): DeviceEvent {
  const deviceId = received.systemProperties?.['iothub-connection-device-id'];
  if (typeof deviceId !== 'string') return { kind: 'ignored', reason: 'the hub named no device' };
  const header = properties.safeParse(received.properties ?? {});
  if (!header.success) return { kind: 'ignored', reason: 'expected the properties type and deliveryId' };
  const { type, kind, deliveryId } = header.data;
  if (type === 'event' && kind === 'presignedUrlRequest') return { kind: 'event', deliveryId, deviceId, event: { kind: 'urlRequested' } };
  if (type !== 'state')
    return { kind: 'ignored', reason: `type "${type.slice(0, 50)}" and kind "${String(kind).slice(0, 50)}" belong to no step` };
  const body = stateBody.safeParse(jsonOf(received.body));
  return body.success
    ? { kind: 'event', deliveryId, deviceId, event: { kind: 'reported', body: body.data } }
    : { kind: 'ignored', reason: 'expected a JSON body with a state' };
}
