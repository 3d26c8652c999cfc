import { type ContainerClient } from '@azure/storage-blob';
import { type Log } from '../../contracts/program/log';
import { isConflict, writeBlobOnce } from '../clients/storage';

const leaseSeconds = 30;
const renewalMs = 10_000;

/** Runs `work` while holding a lease on a blob; false, and no work, when another run holds it. A killed run loses it within seconds. */
export async function singleFlight(container: ContainerClient, blob: string, log: Log, work: () => Promise<void>): Promise<boolean> {
  await writeBlobOnce(container, blob, '', 'text/plain');
  const lease = container.getBlobClient(blob).getBlobLeaseClient();
  try {
    await lease.acquireLease(leaseSeconds, { abortSignal: AbortSignal.timeout(60_000) });
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
  const renewal = setInterval(() => {
    lease
      .renewLease({ abortSignal: AbortSignal.timeout(renewalMs) })
      .catch((error: unknown) => log('warn', 'lease not renewed', { error: String(error) }));
  }, renewalMs);
  try {
    await work();
  } finally {
    clearInterval(renewal);
    await lease
      .releaseLease({ abortSignal: AbortSignal.timeout(30_000) })
      .catch((error: unknown) => log('warn', 'lease not released', { error: String(error) }));
  }
  return true;
}
