import { earliestEventPosition, type EventHubConsumerClient, type ReceivedEventData } from '@azure/event-hubs';
import { connectDevice, type HubConnection, type HubMessage } from '../../../edge-sim/model-manager/hubConnection';
import type { DeviceCertificate } from './deviceCertificate';

/** A device with a self-signed certificate, as the registry of the hub takes it. */
export const deviceDescription = (primaryThumbprint: string, deviceId = 'aimm', status = 'enabled') => ({
  deviceId,
  status,
  authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint, secondaryThumbprint: '' } },
});

/** A connected device that keeps the commands it was sent, in their order. */
export async function receivingDevice(
  host: string,
  deviceId: string,
  certificate: DeviceCertificate,
): Promise<HubConnection & { received: HubMessage[] }> {
  const connection = await connectDevice({ host, deviceId, keyPair: async () => certificate });
  const received: HubMessage[] = [];
  connection.onMessage((message) => void received.push(message));
  return Object.assign(connection, { received });
}

/** A command as a delivery sends one; `text` tells it from others. */
export const command = (text: string, more: { expiryTimeMs?: number; body?: Buffer } = {}) => ({
  messageId: `id-${text}`,
  body: Buffer.from(JSON.stringify({ text })),
  properties: { type: 'event', kind: 'newDelivery', deliveryId: text },
  contentType: 'application/json' as const,
  ...more,
});
export const deliveryIds = (messages: readonly HubMessage[]) => messages.map((message) => message.properties['deliveryId']);

/** What is in an event hub from its beginning: the list grows while events arrive. */
export function allEvents(client: EventHubConsumerClient): ReceivedEventData[] {
  const events: ReceivedEventData[] = [];
  client.subscribe(
    { processEvents: async (batch) => void events.push(...batch), processError: async () => undefined },
    { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
  );
  return events;
}
