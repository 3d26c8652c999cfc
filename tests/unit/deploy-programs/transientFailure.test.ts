import { AggregateAuthenticationError, AuthenticationError, CredentialUnavailableError } from '@azure/identity';
import { RestError } from '@azure/storage-blob';
import { RestApiClient } from 'azure-iothub/dist/common-http/rest_api_client';
import { isMissing, statusOf, transientFailure } from '../../../deploy-programs/transientFailure';
import { retryUntilReady } from '../../../deploy-programs/retryUntilReady';

const system = (code: string, more: object = {}) => Object.assign(new Error(`getaddrinfo ${code} vault.azure.net`), { code, ...more });
const refused = (statusCode: number, code?: string) => new RestError('refused', { statusCode, ...(code === undefined ? {} : { code }) });
const hub = (statusCode: number, body: object | string = { Message: `ErrorCode:Other;${statusCode}` }): Error =>
  RestApiClient.translateError(typeof body === 'string' ? body : JSON.stringify(body), { statusCode } as never);
const wrapped = (cause: unknown) => new TypeError('fetch failed', { cause });

it.each([
  ['a name that no DNS knows yet', system('ENOTFOUND'), 'name'],
  ['a DNS server that is busy', system('EAI_AGAIN'), 'name'],
  ['the same by an Azure client', new RestError('getaddrinfo', { code: 'ENOTFOUND' }), 'name'],
  ['the same by fetch', wrapped(system('ENOTFOUND')), 'name'],
  ['the same as an inner error', Object.assign(new Error('no token'), { innerError: system('ENOTFOUND') }), 'name'],
  ['the same two errors deep', new Error('outer', { cause: wrapped(system('ENOTFOUND')) }), 'name'],
  ['a port that nobody listens at', system('ECONNREFUSED'), 'connection'],
  ['all addresses of a name', new AggregateError([system('ECONNREFUSED'), system('ECONNREFUSED')]), 'connection'],
  ['a connection that is reset', system('ECONNRESET'), 'connection'],
  [
    'the same by an Azure client, wrapped',
    Object.assign(new RestError('send', { code: 'REQUEST_SEND_ERROR' }), { cause: system('ECONNRESET') }),
    'connection',
  ],
  ['no answer in time', system('ETIMEDOUT'), 'connection'],
  ["fetch's own time limit", wrapped(Object.assign(new Error('timeout'), { code: 'UND_ERR_CONNECT_TIMEOUT' })), 'connection'],
  ['a host that is not known yet', refused(404), 'host'],
  ['a hub that is not known yet', hub(404, { Message: 'ErrorCode:IotHubNotFound;no such hub' }), 'host'],
  ['a front that has no such hub', hub(404, '<html>no such site</html>'), 'host'],
  ['a vault that throttles', refused(429, 'Throttled'), 'throttling'],
  ['a hub that throttles', hub(429), 'throttling'],
  ['a vault that is not ready', refused(503, 'ServiceUnavailable'), 'server'],
  ['a server error', refused(500), 'server'],
  ['a hub that is not ready', hub(503), 'server'],
  ['a hub with a server error', hub(500), 'server'],
  ['a gateway that waits in vain', hub(504), 'server'],
  ['a request that took too long', refused(408), 'server'],
  ['a vault that refuses', refused(403, 'Forbidden'), 'refusal'],
  ["a registry's token exchange", refused(401), 'refusal'],
  ['a hub that refuses', hub(401), 'refusal'],
  ['an answer that a thrown status tells', Object.assign(new Error('Too Many Requests'), { status: 429 }), 'throttling'],
])('%s is tried again', (_what, error, failure) => {
  expect(transientFailure(error)).toBe(failure);
});

it.each([
  ['a wrong request', refused(400, 'BadParameter')],
  ['a wrong request to the hub', hub(400)],
  ['a secret that is not there', refused(404, 'SecretNotFound')],
  ['a certificate that is not there', refused(404, 'CertificateNotFound')],
  ['a device that is not there', hub(404, { Message: 'ErrorCode:DeviceNotFound;Device aimm not registered' })],
  ['a name that is taken', refused(409, 'ObjectIsDeletedButRecoverable')],
  ['a device that is there', hub(409)],
  ['an etag that is too old', hub(412)],
  ['what is not implemented', refused(501)],
  ['a wrong request whose cause was a connection', Object.assign(refused(400), { cause: system('ECONNRESET') })],
  ['a certificate of another name', system('ERR_TLS_CERT_ALTNAME_INVALID')],
  ['a file that is not there', system('ENOENT')],
  ['a wrong client secret', new AuthenticationError(401, { error: 'invalid_client', error_description: 'AADSTS7000215' })],
  ['nobody who could sign in', new AggregateAuthenticationError([new CredentialUnavailableError('no az')], 'nobody')],
  ['a fault of our own', new TypeError('x is undefined')],
  ['no error at all', undefined],
])('%s is not tried again', async (_what, error) => {
  expect(transientFailure(error)).toBeUndefined();
  let tries = 0;
  const work = () => {
    tries += 1;
    return Promise.reject(error);
  };
  await expect(retryUntilReady(work, 60).catch((thrown: unknown) => [thrown])).resolves.toEqual([error]);
  expect(tries).toBe(1);
});

it("only the service's own 404 says that something is missing", () => {
  expect([refused(404, 'SecretNotFound'), refused(404), refused(409), undefined].map(isMissing)).toEqual([true, false, false, false]);
});

it('the status is found wherever a client keeps it', () => {
  const kept = [{ statusCode: 1 }, { status: 2 }, { response: { statusCode: 3 } }, { response: { status: 4 } }, { status: 'Failed' }, null];
  expect(kept.map(statusOf)).toEqual([1, 2, 3, 4, undefined, undefined]);
});

it.each([
  [
    'a name',
    system('ENOTFOUND'),
    'getaddrinfo ENOTFOUND vault.azure.net',
    'that the resource exists, and that its name resolves',
    'ENOTFOUND',
    undefined,
  ],
  [
    'an address',
    Object.assign(new AggregateError([system('ECONNREFUSED')], ''), { code: 'ECONNREFUSED' }),
    'ECONNREFUSED',
    'the way there',
    'ECONNREFUSED',
    undefined,
  ],
  ['a refusal', refused(403, 'Forbidden'), 'refused', 'the role of whoever deploys', 'Forbidden', 403],
  ['a hub that is not ready', hub(503), '503', 'the status page', undefined, 503],
])('%s ends with how long it was tried and what to check', async (_what, error, first, check, code, statusCode) => {
  const thrown = (await retryUntilReady(() => Promise.reject(error), 0).catch((one: unknown) => one)) as Error & {
    code?: string;
    statusCode?: number;
  };
  const [line, tried] = thrown.message.split('\n');
  expect(line).toContain(first);
  expect(tried).toContain(`tried for 0 s (cloud.roleAssignmentWaitSeconds: 0); check ${check}`);
  expect([thrown.cause, thrown.code, thrown.statusCode]).toEqual([error, code, statusCode]);
});
