import { type ContainerClient } from '@azure/storage-blob';
import { type DeliveryRecord, deliveryRecord } from '../../contracts/deliveryRecord';
import { isConflict, isNotFound, readJsonBlob, writeBlob } from '../clients/storage';

export interface StoredRecord {
  readonly record: DeliveryRecord;
  readonly etag: string;
}
export interface DeliveryRecords {
  read(deliveryId: string): Promise<StoredRecord | undefined>;
  /** Undefined when somebody else changed the record in between. */
  replace(record: DeliveryRecord, etag: string): Promise<StoredRecord | undefined>;
  ids(): AsyncIterable<string>;
}

const uuidFile = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.json$/;
const blobName = (deliveryId: string) => `${deliveryId}.json`;

export const deliveryRecords = (container: ContainerClient): DeliveryRecords => ({
  async read(deliveryId) {
    const found = await readJsonBlob(container, blobName(deliveryId), deliveryRecord);
    return found && { record: found.value, etag: found.etag };
  },
  async replace(record, etag) {
    try {
      return {
        record,
        etag: await writeBlob(container, blobName(record.deliveryId), JSON.stringify(record, null, 2), 'application/json', {
          ifMatch: etag,
        }),
      };
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return undefined;
      throw error;
    }
  },
  async *ids() {
    for await (const page of container.listBlobsFlat().byPage({ maxPageSize: 1_000 })) {
      for (const { name } of page.segment.blobItems) {
        const id = uuidFile.exec(name)?.[1];
        if (id) yield id;
      }
    }
  },
});
