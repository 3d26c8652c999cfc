import { retry } from '../contracts/program/retry';
import { statusOf, transientFailure, type TransientFailure } from './transientFailure';

/** What may be the matter, and what to check when it lasts. */
const reasons: Readonly<Record<TransientFailure, readonly [maybe: string, check: string]>> = {
  refusal: ['the role assignment may not be there yet', 'the role of whoever deploys at this resource, and its network rules'],
  name: [
    'its name may not be known yet',
    'that the resource exists, and that its name resolves on this machine (private DNS zone, VPN, proxy)',
  ],
  connection: ['it may not listen yet', 'the way there: firewall, proxy, private endpoint, network rules of the resource'],
  host: ['it may not be known under its name yet', 'that the resource exists, and that its address is the right one'],
  throttling: ['it is throttled', 'what else uses up the quota, and deploy again later'],
  server: ['it may not be ready yet', 'the status page of the cloud, and deploy again later'],
};

/** Node leaves the message empty where it tried several addresses. */
const told = (error: unknown): string => {
  const { message, code, name } = error as { message?: string; code?: unknown; name?: string };
  return message || (typeof code === 'string' ? code : (name ?? String(error)));
};

function lastError(error: unknown, failure: TransientFailure, tried: { readonly ms: number; readonly waitSeconds: number }): Error {
  const status = statusOf(error);
  const { code } = error as { code?: unknown };
  return Object.assign(
    new Error(
      `${told(error)}\ntried for ${Math.round(tried.ms / 1_000)} s (cloud.roleAssignmentWaitSeconds: ${tried.waitSeconds}); check ${reasons[failure][1]}`,
      { cause: error },
    ),
    { ...(status === undefined ? {} : { statusCode: status }), ...(typeof code === 'string' ? { code } : {}) },
  );
}

/**
 * A service of Azure may be seconds old, and role assignments take minutes to reach it: what fails for that is tried again until the time is over.
 * The work begins anew each time.
 */
export async function retryUntilReady<T>(work: () => Promise<T>, waitSeconds: number): Promise<T> {
  const startedAt = performance.now();
  try {
    return await retry(work, {
      firstMs: 1_000,
      longestMs: 15_000,
      withinMs: waitSeconds * 1_000,
      isTransient: (error) => transientFailure(error) !== undefined,
      onRetry: (error, _retries, pauseMs) => {
        const failure = transientFailure(error) ?? 'server';
        console.error(
          `${failure === 'refusal' ? 'refused' : 'failed'} (${told(error).slice(0, 200)}); ${reasons[failure][0]}, asking again in ${pauseMs} ms`,
        );
      },
    });
  } catch (error) {
    const failure = transientFailure(error);
    if (failure === undefined) throw error;
    throw lastError(error, failure, { ms: performance.now() - startedAt, waitSeconds });
  }
}
