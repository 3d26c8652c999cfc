import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import type { TokenCredential } from '@azure/identity';
import type { DeliveryRecord } from '../contracts/deliveryRecord';
import { encodeQueueMessage } from '../contracts/eventGrid';
import type { StackOutputs } from '../contracts/stackOutputs';
import { decideRelease, type Verdict } from '../pipeline-code/delivery/decision';
import { deliveryRecords, type DeliveryRecords } from '../pipeline-code/delivery/deliveryRecords';

/** What stands in the way of a release, in one line. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
}

const maximumConflicts = 5;
const requestTimeoutMs = 60_000;

/** The deliveries of a stack as an approver sees them: reads the records, writes decisions, and tells the program that releases. */
export class Releases {
  constructor(
    private readonly records: DeliveryRecords,
    private readonly tell: (deliveryId: string) => Promise<void>,
  ) {}

  /** With the ordinary clients, as the person who is signed in. */
  static of(
    outputs: Pick<StackOutputs, 'dataBlobEndpoint' | 'dataQueueEndpoint' | 'deliveriesContainer' | 'releaseQueue'>,
    credential: TokenCredential,
  ): Releases {
    const container = new BlobServiceClient(outputs.dataBlobEndpoint, credential).getContainerClient(outputs.deliveriesContainer);
    const queue = new QueueServiceClient(outputs.dataQueueEndpoint, credential).getQueueClient(outputs.releaseQueue);
    return new Releases(deliveryRecords(container), async (deliveryId) => {
      await queue.sendMessage(encodeQueueMessage({ deliveryId }), { abortSignal: AbortSignal.timeout(requestTimeoutMs) });
    });
  }

  /** Records of all deliveries, the newest first. */
  async all(): Promise<DeliveryRecord[]> {
    const found: DeliveryRecord[] = [];
    for await (const id of this.records.ids()) {
      const stored = await this.records.read(id);
      if (stored) found.push(stored.record);
    }
    return found.sort((a, b) => b.openedAt.localeCompare(a.openedAt));
  }

  async waiting(): Promise<DeliveryRecord[]> {
    return (await this.all()).filter(({ state }) => state === 'AwaitingApproval');
  }

  /**
   * Writes the verdict, then tells the program, in this order: a command that dies in between is repeated and tells it again.
   * Rejects with ReleaseError where there is no such delivery, and with DecidedAlready where it cannot be decided any more.
   */
  async decide(deliveryId: string, verdict: Verdict, now: Date): Promise<DeliveryRecord> {
    for (let conflicts = 0; conflicts < maximumConflicts; conflicts++) {
      const stored = await this.records.read(deliveryId);
      if (!stored) throw new ReleaseError(`there is no delivery ${deliveryId}; "npm run release -- list" shows those that wait.`);
      const record = decideRelease(stored.record, verdict, now);
      if (record !== stored.record && (await this.records.replace(record, stored.etag)) === undefined) continue;
      await this.tell(deliveryId);
      return record;
    }
    throw new ReleaseError(`delivery ${deliveryId} is being changed by others: try again.`);
  }
}

const uuidBeginning = /^[0-9a-f][0-9a-f-]{7,35}$/;

/** The delivery that a person means by its id or the beginning of it. Throws ReleaseError when it is none, or several. */
export function deliveryMeant(records: readonly DeliveryRecord[], text: string): DeliveryRecord {
  const wanted = text.toLowerCase();
  if (!uuidBeginning.test(wanted))
    throw new ReleaseError(`${text}: expected the id of a delivery, or the first 8 characters of it or more.`);
  const [found, ...more] = records.filter(({ deliveryId }) => deliveryId.startsWith(wanted));
  if (!found) throw new ReleaseError(`there is no delivery ${text}; "npm run release -- list" shows those that wait.`);
  if (more.length > 0) throw new ReleaseError(`${text}: several deliveries begin like this; give more of the id.`);
  return found;
}
