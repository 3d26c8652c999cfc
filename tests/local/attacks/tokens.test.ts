import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventHubConsumerClient } from '@azure/event-hubs';
import jwt from 'jsonwebtoken';
import { innermostErrors } from '../../../pipeline-code/clients/eventHubs';
import { c2dErrorName, openC2dSender } from '../../../pipeline-code/clients/iotHub';
import { tenantId } from '../../../local-azure/region/regionContext';
import { attackedRegion, eventHubId, ids, instrumentationKey, landingZone, type AttackedRegion } from '../support/attackedRegion';

let attacked: AttackedRegion;
const all = [
  'blob',
  'queue',
  'resource manager',
  'key vault',
  'registry',
  'iot hub registry',
  'iot hub messages',
  'event hubs',
  'ingestion',
  'log queries',
] as const;
type ServiceName = (typeof all)[number];

beforeAll(async () => {
  attacked = await attackedRegion();
  const who = attacked.identity('program');
  const { assign } = attacked;
  assign(who, 'blobDataContributor', landingZone);
  assign(who, 'queueDataReader', ids.account);
  assign(who, 'reader', `/subscriptions/${ids.account.split('/')[2] ?? ''}`);
  assign(who, 'keyVaultSecretsUser', ids.vault);
  assign(who, 'acrPush', ids.registry);
  assign(who, 'iotHubRegistryContributor', ids.hub);
  assign(who, 'cloudToDeviceSender', ids.hub);
  assign(who, 'eventHubsDataReceiver', eventHubId);
  assign(who, 'monitoringMetricsPublisher', ids.insights);
  assign(who, 'monitoringReader', ids.insights);
  attacked.register('aimm', 'A'.repeat(64));
});
afterAll(() => attacked.stop());

const audiences: Record<ServiceName, string> = {
  blob: 'https://storage.azure.com',
  queue: 'https://storage.azure.com',
  'resource manager': 'https://management.azure.com',
  'key vault': 'https://vault.azure.net',
  registry: 'https://containerregistry.azure.net',
  'iot hub registry': 'https://iothubs.azure.net',
  'iot hub messages': 'https://iothubs.azure.net',
  'event hubs': 'https://eventhubs.azure.net',
  ingestion: 'https://monitor.azure.com',
  'log queries': 'https://api.loganalytics.io',
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const status = async (url: string, init: RequestInit) => (await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) })).status;
const credential = (token: string) => ({ getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) });
const json = (body: unknown) => ({ method: 'POST', body: JSON.stringify(body) });

/** What each service answers to one harmless read or write with this token: an HTTP status, or the code of an AMQP refusal. */
const calls: Record<ServiceName, (token: string) => Promise<number | string>> = {
  blob: (token) =>
    status(`${attacked.region.storage.endpoints('edge1').blob}landing-zone?restype=container&comp=list`, {
      headers: { ...bearer(token), 'x-ms-version': '2025-01-05' },
    }),
  queue: (token) =>
    status(`${attacked.region.storage.endpoints('edge1').queue}work?comp=metadata`, {
      headers: { ...bearer(token), 'x-ms-version': '2025-01-05' },
    }),
  'resource manager': (token) =>
    status(`${attacked.region.resourceManager.endpoint}/subscriptions/${ids.account.split('/')[2] ?? ''}?api-version=2022-12-01`, {
      headers: bearer(token),
    }),
  'key vault': async (token) => {
    const answer = await status(`${attacked.vaultUri}secrets/none?api-version=2025-07-01`, { headers: bearer(token) });
    return answer === 404 ? 200 : answer;
  },
  registry: (token) =>
    status(`https://${attacked.loginServer}/oauth2/exchange`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'access_token', service: attacked.loginServer, access_token: token }),
    }),
  'iot hub registry': (token) => status(`https://${attacked.hubHost}/devices/aimm?api-version=2021-04-12`, { headers: bearer(token) }),
  'iot hub messages': async (token) => {
    const sender = openC2dSender(attacked.hubHost, credential(token));
    const answer = await sender
      .send('aimm', { messageId: 'm', body: Buffer.from('{}'), properties: {}, contentType: 'application/json' })
      .then(
        () => 200,
        (error: unknown) => c2dErrorName(error) ?? 'refused',
      );
    await sender.close().catch(() => undefined);
    return answer;
  },
  'event hubs': async (token) => {
    const client = new EventHubConsumerClient('$Default', 'localhost', 'device-messages', credential(token), {
      customEndpointAddress: `sb://${attacked.region.eventHubs.host(ids.namespace)}`,
      retryOptions: { maxRetries: 0 },
    });
    const answer = await client.getEventHubProperties().then(
      () => 200,
      (error: unknown) =>
        innermostErrors(error)
          .map((one) => (one as { code?: string }).code ?? one.name)
          .join(),
    );
    await client.close();
    return answer;
  },
  ingestion: (token) =>
    status(`${attacked.region.monitor.endpoint}/v2.1/track`, {
      ...json([
        {
          name: 'Message',
          time: new Date().toISOString(),
          iKey: instrumentationKey,
          data: { baseType: 'MessageData', baseData: { ver: 2, message: 'm' } },
        },
      ]),
      headers: bearer(token),
    }),
  'log queries': (token) =>
    status(`${attacked.region.monitor.endpoint}/v1${ids.insights}/query`, {
      ...json({ query: 'traces | take 1' }),
      headers: bearer(token),
    }),
};

const claims = (audience: string, change: object = {}) => {
  const who = attacked.identity('program');
  const now = Math.floor(Date.now() / 1_000);
  return {
    aud: audience,
    iss: `https://sts.windows.net/${tenantId}/`,
    iat: now,
    nbf: now - 300,
    exp: now + 3_600,
    oid: who.objectId,
    sub: who.objectId,
    appid: who.clientId,
    app_displayname: who.displayName,
    tid: tenantId,
    idtyp: 'app',
    ver: '1.0',
    ...change,
  };
};
const genuineKey = () => readFileSync(join(attacked.directory, 'entra', 'signing.key'), 'utf8');
const signed = (audience: string, change: object = {}, key = genuineKey()) =>
  jwt.sign(claims(audience, change), key, { algorithm: 'RS256', keyid: attacked.context.authority.keyId });
const foreignKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const publishedKey = () =>
  createPublicKey({ key: attacked.context.authority.publicJwk() as never, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
/** By hand: the library would not sign like this. */
function hmacSigned(payload: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT', kid: attacked.context.authority.keyId })}.${part(payload)}`;
  return `${text}.${createHmac('sha256', publishedKey()).update(text).digest('base64url')}`;
}
const now = () => Math.floor(Date.now() / 1_000);

const forgeries: readonly [string, (audience: string) => string][] = [
  ['without its signature', (audience) => signed(audience).replace(/[^.]+$/, '')],
  ['with alg none', (audience) => jwt.sign(claims(audience), '', { algorithm: 'none', keyid: attacked.context.authority.keyId })],
  ['signed with the published key as a shared secret', (audience) => hmacSigned(claims(audience))],
  ['signed with a key of its own', (audience) => signed(audience, {}, foreignKey.privateKey)],
  ['of another issuer', (audience) => signed(audience, { iss: 'https://sts.windows.net/00000000-0000-4000-8000-0000000000bb/' })],
  ['that has expired', (audience) => signed(audience, { exp: now() - 1 })],
  ['that is not valid yet', (audience) => signed(audience, { nbf: now() + 600 })],
  ['for another audience', (audience) => signed(audience.replace(/^https:\/\/[^.]+/, 'https://elsewhere'))],
];

describe.each(all)('%s', (service) => {
  it('takes the genuine token', async () => {
    const answer = await calls[service](signed(audiences[service]));
    expect(answer).toBe(200);
  });

  it.each(forgeries)('refuses a token %s, and its log says so', async (_, forge) => {
    let answer: number | string = 200;
    const refusals = await attacked.refusals(async () => void (answer = await calls[service](forge(audiences[service]))));
    expect([401, 'UnauthorizedError']).toContain(answer);
    expect(refusals.every((one) => one.status === 401 && one.identity === 'anonymous')).toBe(true);
  });

  it('refuses the genuine tokens for every other service', async () => {
    const others = [...new Set(Object.values(audiences))].filter((one) => one !== audiences[service]);
    for (const audience of others) {
      let answer: number | string = 200;
      const refusals = await attacked.refusals(async () => void (answer = await calls[service](signed(audience))));
      expect([401, 'UnauthorizedError']).toContain(answer);
      expect(refusals[0]?.reason).toMatch(new RegExp(`audience ${audience.replaceAll('.', '\\.')}`));
    }
  });
});
