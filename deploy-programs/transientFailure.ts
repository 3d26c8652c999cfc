import { retry } from '../contracts/program/retry';

/** What another attempt may mend: a resource that is seconds old, a role on its way, the network, somebody's quota. */
export type TransientFailure = 'refusal' | 'name' | 'connection' | 'host' | 'throttling' | 'server';

const nameCodes = ['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'];
const connectionCodes = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ESOCKETTIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_SOCKET'],
];
/** Failures to sign in: no role at the service that was asked helps. */
const signInErrors = ['AuthenticationError', 'AuthenticationRequiredError', 'CredentialUnavailableError'];

interface ErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly response?: { readonly statusCode?: unknown; readonly status?: unknown };
  readonly cause?: unknown;
  readonly innerError?: unknown;
  readonly errors?: unknown;
}
const isErrorShape = (error: unknown): error is ErrorShape => typeof error === 'object' && error !== null;

/** HTTP status of a refused call; the clients of Azure keep it in four places. */
export function statusOf(error: unknown): number | undefined {
  if (!isErrorShape(error)) return undefined;
  const { statusCode, status, response } = error;
  return [statusCode, status, response?.statusCode, response?.status].find((one) => typeof one === 'number');
}

const maxDepth = 5;
/** The error, and those that it wraps. */
function* withCauses(error: unknown, depth = 0): Generator<ErrorShape> {
  if (!isErrorShape(error) || depth > maxDepth) return;
  yield error;
  const { cause, innerError, errors } = error;
  for (const inner of [cause, innerError, ...(Array.isArray(errors) ? (errors as unknown[]) : [])]) yield* withCauses(inner, depth + 1);
}

function failureOfAnswer(status: number, { name, code }: ErrorShape): TransientFailure | undefined {
  if (status === 401 || status === 403) return signInErrors.includes(String(name)) ? undefined : 'refusal';
  // A service that knows its resource says by code what is not found; a name that leads nowhere yet is answered without one.
  if (status === 404) return name === 'IotHubNotFoundError' || (code === undefined && name !== 'DeviceNotFoundError') ? 'host' : undefined;
  if (status === 429) return 'throttling';
  return status === 408 || (status >= 500 && status !== 501) ? 'server' : undefined;
}

/** What kind of transient failure this is; undefined when asking again does not help. The outermost answer or system error decides. */
export function transientFailure(error: unknown): TransientFailure | undefined {
  for (const one of withCauses(error)) {
    const status = statusOf(one);
    if (status !== undefined && status >= 400) return failureOfAnswer(status, one);
    if (nameCodes.includes(String(one.code))) return 'name';
    if (connectionCodes.includes(String(one.code))) return 'connection';
  }
  return undefined;
}

/** A 404 of the service itself: it is there, and what was asked for is not. */
export const isMissing = (error: unknown): boolean => statusOf(error) === 404 && transientFailure(error) === undefined;

/** How often, and after what first pause, a transient failure is retried. */
export interface TransientRetry {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly log?: (message: string) => void;
}

const maxDelayMs = 120_000;
/** What registries, package sources and networks say in the log of a build when asking again may help. */
const transientText =
  /toomanyrequests|too many requests|rate limit|TLS handshake timeout|i\/o timeout|context deadline exceeded|connection (?:reset|refused)|unexpected EOF|EAI_AGAIN|ECONNRESET|ETIMEDOUT|temporary failure (?:in name resolution|resolving)|(?:500|502|503|504) (?:internal|bad|service|gateway)/i;

/** Whether a failed build is the network's or somebody's quota, and not the image's. */
export function isTransientBuildFailure(error: unknown): boolean {
  const failure = transientFailure(error);
  return failure === undefined ? transientText.test((error as { message?: string }).message ?? '') : failure !== 'refusal';
}

/** Does the work, and retries its transient failures. */
export function retryTransient<T>(work: () => Promise<T>, { attempts, firstDelayMs, log = () => undefined }: TransientRetry): Promise<T> {
  return retry(work, {
    attempts,
    firstMs: firstDelayMs,
    longestMs: maxDelayMs,
    isTransient: isTransientBuildFailure,
    onRetry: (error, retries, pauseMs) =>
      log(
        `attempt ${retries + 1} of ${attempts} failed (${(error as Error).message.split('\n').at(-1)?.slice(0, 200) ?? ''}); again in ${pauseMs} ms`,
      ),
  });
}
