import { randomUUID } from 'node:crypto';
import { BlobClient } from '@azure/storage-blob';
import { presignedUrlResponseBody } from '../../../contracts/aimmMessages';
import type { DeliveryRecord } from '../../../contracts/deliveryRecord';
import { type HubConnection, type HubMessage } from '../../../edge-sim/model-manager/hubConnection';
import { readBlob } from '../../../pipeline-code/clients/storage';
import type { DeliveryRegion } from '../../local/support/deliveryRegion';
import { until } from '../../local/support/testRegion';

/** A whole delivery, from the record to the device's success: fails where any part of the exchange does. */
export async function deliverPackage(
  region: DeliveryRegion,
  device: HubConnection & { readonly received: HubMessage[] },
  deviceId: string,
): Promise<void> {
  const deliveryId = randomUUID();
  const packageBlob = `${deliveryId}/1/x-edge_1.zip`;
  const now = new Date().toISOString();
  const record: DeliveryRecord = {
    schemaVersion: '1',
    deliveryId,
    projectId: randomUUID(),
    factory: 'plant',
    deviceId,
    packageId: randomUUID(),
    packageVersion: '1',
    packageName: 'x',
    packageBlob,
    sha256: 'a'.repeat(64),
    sizeBytes: 7,
    modelName: 'm',
    modelVersion: '1',
    dataVersion: 'd',
    state: 'Opened',
    openedAt: now,
    updatedAt: now,
    announcements: 0,
    history: [],
  };
  const deliveries = region.blobs('data', 'deliveries');
  await region.blobs('edge', 'packaged-models').getBlockBlobClient(packageBlob).upload('package', 7);
  await deliveries.getBlockBlobClient(`${deliveryId}.json`).uploadData(Buffer.from(JSON.stringify(record)));
  await region.announce(deliveryId);
  const mine = (kind: string) =>
    device.received.find(({ properties }) => properties['deliveryId'] === deliveryId && properties['kind'] === kind);
  await until(() => mine('newDelivery') !== undefined, 'newDelivery', 30_000);
  await device.sendEvent({ properties: { type: 'event', kind: 'presignedUrlRequest', deliveryId }, body: '{}' });
  await until(() => mine('presignedUrlResponse') !== undefined, 'presignedUrlResponse', 30_000);
  const { presignedUrl } = presignedUrlResponseBody.parse(JSON.parse(String(mine('presignedUrlResponse')?.body))).attributes;
  expect(String(await new BlobClient(presignedUrl).downloadToBuffer())).toBe('package');
  await device.sendEvent({ properties: { type: 'state', deliveryId }, body: '{"state":"Success"}' });
  let state = '';
  for (const end = Date.now() + 30_000; state !== 'Success' && Date.now() < end;) {
    state = (JSON.parse(String((await readBlob(deliveries, `${deliveryId}.json`, 1_000_000))?.content)) as DeliveryRecord).state;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(state).toBe('Success');
}
