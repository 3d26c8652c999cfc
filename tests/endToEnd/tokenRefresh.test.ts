import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { latestEventPosition } from '@azure/event-hubs';
import { makeKeyAndCertificate } from '../../deploy-programs/keyAndCertificate';
import type { HubMessage } from '../../edge-sim/model-manager/hubConnection';
import type { TokenAuthority } from '../../local-azure/region/tokenAuthority';
import { AdjustableClock, systemClock } from '../../local-azure/region/clock';
import { tenantId } from '../../local-azure/region/regionContext';
import { eventHubConsumer, innermostErrors } from '../../pipeline-code/clients/eventHubs';
import { c2dErrorName, openC2dSender } from '../../pipeline-code/clients/iotHub';
import { attackedRegion, ids, instrumentationKey, type AttackedRegion } from '../local/support/attackedRegion';
import { deliveryRegion, type DeliveryRegion } from '../local/support/deliveryRegion';
import { until } from '../local/support/testRegion';
import { deliverPackage } from './support/deliverPackage';
import { freePort, siteProcesses, type SiteProcesses } from '../local/support/siteProcesses';

interface Issued {
  readonly audience: string;
  readonly token: string;
  readonly expiresAtMs: number;
}
/** Every token that the tenant gives out from now on. */
function watchTokens(authority: TokenAuthority): Issued[] {
  const issued: Issued[] = [];
  const issue = authority.issue.bind(authority);
  jest.spyOn(authority, 'issue').mockImplementation((principal, audience, lifetimeSeconds) => {
    const given = issue(principal, audience, lifetimeSeconds);
    issued.push({ audience: audience.replace(/\/+$/, ''), token: given.token, expiresAtMs: given.expiresOn * 1_000 });
    return given;
  });
  return issued;
}
interface LinksEnded {
  readonly service: string;
  readonly links: readonly string[];
}
const endedLinks =
  (into: LinksEnded[]) =>
  (service: string, message: string, detail: Record<string, unknown> = {}) => {
    if (message === 'token expired, links ended') into.push({ service, links: detail['links'] as string[] });
  };
/** A credential that hands out what it got first for ever, and says that it is good for an hour. */
const neverRenewed = (issued: { token: string }) => ({
  getToken: async () => ({ token: issued.token, expiresOnTimestamp: Date.now() + 3_600_000 }),
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close().catch(() => undefined);
  jest.restoreAllMocks();
});

/**
 * Storage's and Event Hubs' clients renew a token two minutes before its end. With a clock of the region that is ahead of the programs' by nearly that
 * much, tokens end seconds after they have been renewed.
 */
const aheadMs = 115_000;
const lifetimeSeconds = 10;

test('the delivery program works on over four lifetimes of its tokens, over HTTP and AMQP, and no earlier token counts any more', async () => {
  const ended: LinksEnded[] = [];
  const clock = new AdjustableClock(new Date(Date.now() + aheadMs));
  const region = await deliveryRegion({ clock, tokenLifetimeSeconds: lifetimeSeconds, log: endedLinks(ended) });
  closing.push(() => region.stop());
  const programs: SiteProcesses = await siteProcesses(['delivery']);
  const deviceId = 'aimm';
  const connection = await region.device(deviceId);
  closing.push(() => connection.close());
  const received: HubMessage[] = [];
  connection.onMessage((message) => void received.push(message));
  const identity = region.identity('delivery');
  const grant = region.entra.grant([identity], { protocol: 'appService' });
  const issued = watchTokens(region.context.authority);
  const program = programs.run('delivery', {
    ...grant.environment,
    AZURE_CLIENT_ID: identity.clientId,
    AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
    NODE_EXTRA_CA_CERTS: region.context.tls.caFile,
    DATA_BLOB_ENDPOINT: region.endpoints('data').blob,
    DATA_QUEUE_ENDPOINT: region.endpoints('data').queue,
    QUEUE_NAME: 'delivery',
    DELIVERIES_CONTAINER: 'deliveries',
    CHECKPOINTS_CONTAINER: 'checkpoints',
    EDGE_BLOB_ENDPOINT: region.endpoints('edge').blob,
    PACKAGED_MODELS_CONTAINER: 'packaged-models',
    IOT_HUB_HOST: region.hubHost,
    EVENT_HUBS_HOST: region.eventHubsHost,
    EVENT_HUB_NAME: 'from-devices',
    CONSUMER_GROUP: 'delivery',
    SAS_LIFETIME_SECONDS: '600',
    STEP_TIMEOUT_SECONDS: '600',
    DELIVERY_TIMEOUT_SECONDS: '3600',
    POLLING_INTERVAL_SECONDS: '1',
  });
  const audiences = ['https://storage.azure.com', 'https://eventhubs.azure.net', 'https://iothubs.azure.net'];
  const own = (audience: string) => issued.filter((one) => one.audience === audience && jwtClientId(one.token) === identity.clientId);
  try {
    for (let lifetime = 0; lifetime < 4; lifetime++) {
      await deliverPackage(region, Object.assign(connection, { received }), deviceId);
      const end = Math.max(...audiences.map((audience) => own(audience).at(-1)?.expiresAtMs ?? 0));
      if (lifetime < 3) await until(() => clock.now().getTime() > end, 'the end of the tokens', 60_000);
    }
    expect(program.exitCode).toBeNull();
    for (const audience of audiences) expect([audience, own(audience).length]).toEqual([audience, expect.any(Number)]);
    for (const audience of audiences) expect(own(audience).length).toBeGreaterThanOrEqual(4);
    // Renewed in time: no receiver was ended. The sender's client renews after two thirds of what it takes for the life, so the hub ended its link and it came back.
    expect(ended.filter(({ service, links }) => service === 'event-hubs' && links.length > 0)).toEqual([]);
    expect(ended.filter(({ service }) => service === 'iot-hub').length).toBeGreaterThanOrEqual(2);

    const [storage, eventHubs, iotHub] = audiences.map((audience) => own(audience)[0] as Issued) as [Issued, Issued, Issued];
    const answer = await fetch(`${region.endpoints('data').blob}/deliveries?restype=container&comp=list`, {
      headers: { authorization: `Bearer ${storage.token}`, 'x-ms-version': '2025-11-05' },
    });
    expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('InvalidAuthenticationInfo')]);
    const consumer = eventHubConsumer(
      { host: region.eventHubsHost, eventHub: 'from-devices', consumerGroup: 'delivery' },
      neverRenewed(eventHubs),
    );
    closing.push(() => consumer.close());
    expect(
      innermostErrors(await consumer.getEventHubProperties().catch((error: unknown) => error)).map(
        (one) => (one as { code?: string }).code,
      ),
    ).toContain('UnauthorizedError');
    const sender = openC2dSender(region.hubHost, neverRenewed(iotHub));
    closing.push(() => sender.close());
    expect(
      await sender
        .send(deviceId, { messageId: 'm', body: Buffer.from('{}'), properties: {}, contentType: 'application/json' })
        .then(() => 'sent', c2dErrorName),
    ).toBe('UnauthorizedError');
  } finally {
    const [code] = await programs.stop();
    expect([code, programs.output().match(/"level":"(?:warn|error)".*/g)]).toEqual([0, null]);
  }
}, 180_000);

/** Whose token it is; what is in a token is read here only to sort what was issued. */
function jwtClientId(token: string): unknown {
  return (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { appid?: unknown }).appid;
}

describe('a link whose token nobody renews', () => {
  let region: DeliveryRegion;
  const ended: LinksEnded[] = [];
  beforeAll(async () => {
    region = await deliveryRegion({ log: endedLinks(ended) });
  });
  afterAll(() => region.stop());

  const receive = (credential: Parameters<typeof eventHubConsumer>[1]) => {
    const client = eventHubConsumer({ host: region.eventHubsHost, eventHub: 'from-devices', consumerGroup: 'delivery' }, credential);
    closing.push(() => client.close());
    const [events, errors]: [string[], string[]] = [[], []];
    client.subscribe(
      {
        processEvents: async (batch) => void events.push(...batch.map(({ body }) => (body as { state: string }).state)),
        processError: async (error) =>
          void errors.push(...innermostErrors(error).map((one) => `${(one as { code?: string }).code ?? one.name}`)),
      },
      { startPosition: latestEventPosition, maxWaitTimeInSeconds: 1 },
    );
    return { events, errors };
  };

  test('of Event Hubs is detached at the end of the token: events go to those that renewed', async () => {
    const device = await region.device('aimm');
    closing.push(() => device.close());
    const identity = region.identity('delivery');
    const forgetful = receive(neverRenewed(region.context.authority.issue(identity, 'https://eventhubs.azure.net', 4)));
    const renewing = receive(region.credential(identity));
    const say = (state: string) =>
      device.sendEvent({ properties: { type: 'state', deliveryId: randomUUID() }, body: JSON.stringify({ state }) });
    const chatter = setInterval(() => void say('before').catch(() => undefined), 100);
    closing.push(async () => clearInterval(chatter));
    await until(() => forgetful.events.length > 0 && renewing.events.length > 0, 'events at both');
    clearInterval(chatter);
    await until(
      () =>
        ended.some(
          ({ service, links }) =>
            service === 'event-hubs' && links.some((link) => /from-devices\/ConsumerGroups\/delivery\/Partitions\/\d/.test(link)),
        ),
      'the end of the links',
    );
    await until(() => forgetful.errors.includes('UnauthorizedError'), 'UnauthorizedError at the client', 60_000);
    await say('after');
    await until(() => renewing.events.includes('after'), 'the event at the other receiver');
    expect(forgetful.events).not.toContain('after');
  });

  test('of the hub is detached, too, and one that is renewed is not', async () => {
    const identity = region.identity('delivery');
    const before = ended.filter(({ service }) => service === 'iot-hub').length;
    const endedNow = () => ended.filter(({ service }) => service === 'iot-hub').length - before;
    await region.device('aimm-2').then((device) => device.close());
    const message = () => ({ messageId: randomUUID(), body: Buffer.from('{}'), properties: {}, contentType: 'application/json' as const });
    const seconds = 6;
    const given: number[] = [];
    const renewing = openC2dSender(region.hubHost, {
      getToken: async () => {
        const { token, expiresOn } = region.context.authority.issue(identity, 'https://iothubs.azure.net', seconds);
        given.push(expiresOn * 1_000);
        return { token, expiresOnTimestamp: expiresOn * 1_000 };
      },
    });
    closing.push(() => renewing.close());
    await renewing.send('aimm-2', message());
    const firstEnd = given[0] ?? 0;
    await until(() => Date.now() > firstEnd + seconds * 1_000, 'two lifetimes', 30_000);
    await renewing.send('aimm-2', message());
    expect([given.length >= 3, endedNow()]).toEqual([true, 0]);

    let asked = 0;
    const failedOnce = openC2dSender(region.hubHost, {
      getToken: async () => {
        if (++asked === 2) throw new Error('the identity endpoint is away');
        const { token, expiresOn } = region.context.authority.issue(identity, 'https://iothubs.azure.net', 3);
        return { token, expiresOnTimestamp: expiresOn * 1_000 };
      },
    });
    closing.push(() => failedOnce.close());
    await failedOnce.send('aimm-2', message());
    await until(() => endedNow() === 1, 'the end of the link that was not renewed');
    await failedOnce.send('aimm-2', message());
    await failedOnce.close();

    const short = region.context.authority.issue(identity, 'https://iothubs.azure.net', 3);
    const forgetful = openC2dSender(region.hubHost, neverRenewed(short));
    closing.push(() => forgetful.close());
    await forgetful.send('aimm-2', message());
    await until(() => endedNow() === 2, 'the end of the link');
    expect(await forgetful.send('aimm-2', message()).then(() => 'sent', c2dErrorName)).toBe('UnauthorizedError');
  });
});

test('the auth proxy signs in anew with its certificate before each token ends, and telemetry never waits', async () => {
  const region: AttackedRegion = await attackedRegion({ clock: systemClock, tokenLifetimeSeconds: 4 });
  closing.push(() => region.stop());
  const pem = await makeKeyAndCertificate('site', new Date());
  const certificatePath = join(region.directory, 'site.pem');
  writeFileSync(certificatePath, pem, { mode: 0o600 });
  const { clientId, principal } = region.application('site', pem);
  region.assign(principal, 'monitoringMetricsPublisher', ids.insights);
  const issued = watchTokens(region.context.authority);
  const programs = await siteProcesses(['auth-proxy']);
  closing.push(() => programs.stop());
  const port = await freePort();
  programs.run('auth-proxy', {
    TARGET_HOST: new URL(region.region.monitor.endpoint).host,
    LISTENING_PORT: String(port),
    AUDIENCE: 'https://monitor.azure.com',
    IDENTITY_TYPE: 'aadApplication',
    AAD_CLIENT_ID: clientId,
    AAD_TENANT_ID: tenantId,
    AAD_CLIENT_CERTIFICATE_PATH: certificatePath,
    AAD_TOKEN_REFRESH_INTERVAL_IN_PERCENTAGE: '30',
    AZURE_AUTHORITY_HOST: region.region.entra.authorityHost,
    DISABLE_INSTANCE_DISCOVERY: 'true',
    NODE_EXTRA_CA_CERTS: region.context.tls.caFile,
  });
  let ready = false;
  await until(
    () => {
      void fetch(`http://127.0.0.1:${port}/ready`).then(
        (answer) => {
          ready = answer.ok;
        },
        () => undefined,
      );
      return ready;
    },
    'a token',
    30_000,
  );
  const item = () =>
    JSON.stringify([
      {
        name: 'Message',
        time: new Date().toISOString(),
        iKey: instrumentationKey,
        data: { baseType: 'MessageData', baseData: { ver: 2, message: 'm' } },
      },
    ]);
  const track = (url: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/v2.1/track`, { method: 'POST', body: item(), headers: { 'content-type': 'application/json', ...headers } }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      },
    );
  const answers = new Map<number, number>();
  const first = issued[0] as Issued;
  while (Date.now() < first.expiresAtMs + 8_000) {
    const status = await track(`http://127.0.0.1:${port}`);
    answers.set(status, (answers.get(status) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect([...answers.keys()]).toEqual([200]);
  expect(new Set(issued.map(({ token }) => token)).size).toBeGreaterThanOrEqual(4);
  const refusals = await region.refusals(async () =>
    expect(await track(region.region.monitor.endpoint, { authorization: `Bearer ${first.token}` })).toBe(401),
  );
  expect(refusals[0]?.reason).toBe('jwt expired');
});
