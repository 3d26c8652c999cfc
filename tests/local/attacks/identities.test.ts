import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { Agent, globalAgent, request } from 'node:https';
import { ClientCertificateCredential } from '@azure/identity';
import jwt from 'jsonwebtoken';
import { makeKeyAndCertificate } from '../../../deploy-programs/keyAndCertificate';
import { thumbprints } from '../../../local-azure/entra/applications';
import { tenantId } from '../../../local-azure/region/regionContext';
import { attackedRegion, type AttackedRegion } from './attackedRegion';

let attacked: AttackedRegion;
beforeAll(async () => {
  attacked = await attackedRegion();
});
afterAll(() => attacked.stop());

const audience = 'https://storage.azure.com';
const endpoint = () => `${attacked.region.entra.authorityHost}/${tenantId}/oauth2/v2.0/token`;

interface Signed {
  readonly pem: string;
  readonly clientId: string;
  readonly named?: string;
  readonly claims?: object;
}
const seconds = (from: number) => Math.floor(Date.now() / 1_000) + from;
function assertionOf({ pem, clientId, named = pem, claims = {} }: Signed): string {
  const header = { alg: 'PS256', 'x5t#S256': thumbprints(new X509Certificate(named).toString()).sha256 };
  return jwt.sign(
    { iss: clientId, sub: clientId, aud: endpoint(), jti: randomUUID(), nbf: seconds(-10), exp: seconds(600), ...claims },
    createPrivateKey(pem),
    { algorithm: 'PS256', header },
  );
}

interface Answer {
  readonly status: number;
  readonly code?: number | undefined;
  readonly token?: string | undefined;
}
/** Asks for a token with this assertion, over the connections of this client alone. */
const signIn = (clientId: string, assertion: string, client: Agent, resource = audience) =>
  new Promise<Answer>((resolve, reject) => {
    const form = new URLSearchParams({
      client_id: clientId,
      scope: `${resource}/.default`,
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }).toString();
    const call = request(
      endpoint(),
      {
        method: 'POST',
        agent: client,
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () => {
            const body = JSON.parse(Buffer.concat(chunks).toString()) as { error_codes?: number[]; access_token?: string };
            resolve({ status: response.statusCode ?? 0, code: body.error_codes?.[0], token: body.access_token });
          });
      },
    );
    call.on('error', reject);
    call.end(form);
  });
/** A client of its own: it shares no TLS session with anybody. Without `resumes` it never keeps one either. */
const clients: Agent[] = [];
function client({ resumes = true } = {}): Agent {
  const agent = new Agent({ keepAlive: false, maxCachedSessions: resumes ? 10 : 0 });
  clients.push(agent);
  return agent;
}
afterAll(() => clients.forEach((one) => one.destroy()));

const factory = async (name: string) => {
  const pem = await makeKeyAndCertificate(name, new Date());
  return { pem, ...attacked.application(name, pem) };
};

describe("another program's identity", () => {
  const ask = async (header: string, clientId: string, url: string) =>
    (
      await fetch(`${url}?api-version=2019-08-01&resource=${encodeURIComponent(audience)}&client_id=${clientId}`, {
        headers: { 'x-identity-header': header },
      })
    ).status;

  it('is not given for a header of a running program, for a guessed one, or for one of a program that has ended', async () => {
    const [mine, other] = [attacked.identity('mine'), attacked.identity('other')];
    const grant = attacked.region.entra.grant([mine], { protocol: 'appService' });
    const url = grant.environment['IDENTITY_ENDPOINT'] ?? '';
    const header = grant.environment['IDENTITY_HEADER'] ?? '';
    expect(await ask(header, mine.clientId, url)).toBe(200);
    const answers: number[] = [];
    const refusals = await attacked.refusals(async () => {
      answers.push(
        await ask(header, other.clientId, url),
        await ask(
          header.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A')),
          mine.clientId,
          url,
        ),
        await ask('', mine.clientId, url),
      );
      grant.revoke();
      answers.push(await ask(header, mine.clientId, url));
    });
    expect(answers).toEqual([400, 401, 401, 401]);
    expect(refusals.map(({ status, identity }) => [status, identity])).toEqual([
      [403, 'mine'],
      [401, 'anonymous'],
      [401, 'anonymous'],
      [401, 'anonymous'],
    ]);
  });
});

describe('a certificate', () => {
  it('of another factory signs nobody in', async () => {
    const [one, other] = [await factory('plant-one'), await factory('plant-two')];
    const answers: Answer[] = [];
    const refusals = await attacked.refusals(async () => {
      answers.push(await signIn(one.clientId, assertionOf({ pem: other.pem, clientId: one.clientId }), client()));
      answers.push(await signIn(one.clientId, assertionOf({ pem: other.pem, clientId: one.clientId, named: one.pem }), client()));
      answers.push(await signIn(one.clientId, assertionOf({ pem: other.pem, clientId: other.clientId }), client()));
    });
    expect(answers).toEqual(answers.map(() => ({ status: 401, code: 700027 })));
    expect(refusals).toHaveLength(3);
    expect(
      refusals.every(
        (refusal) => refusal.service === 'entra' && refusal.identity === 'plant-one' && refusal.objectId === one.principal.objectId,
      ),
    ).toBe(true);
    expect((await signIn(one.clientId, assertionOf({ pem: one.pem, clientId: one.clientId }), client())).status).toBe(200);
  });

  const day = 86_400_000;
  it.each([
    ['has ended', new Date(Date.now() - 181 * day)],
    ['is not valid yet', new Date(Date.now() + 2 * day)],
  ])('that %s signs nobody in, whatever the key credential says', async (_, madeAt) => {
    const pem = await makeKeyAndCertificate('plant', madeAt);
    const { clientId } = attacked.application('plant', pem, { startDate: '2020-01-01T00:00:00Z' });
    let answer: Answer | undefined;
    const refusals = await attacked.refusals(async () => void (answer = await signIn(clientId, assertionOf({ pem, clientId }), client())));
    expect(answer).toEqual({ status: 401, code: 700027 });
    expect(refusals[0]?.reason).toMatch(/is valid from .* to .*, now is/);
  });

  it('that was taken away signs nobody in from that moment on', async () => {
    const plant = await factory('revoked');
    const before = assertionOf(plant);
    expect((await signIn(plant.clientId, assertionOf(plant), client())).status).toBe(200);
    const { certificates } = attacked.region.entra.applications.application(plant.objectId) ?? { certificates: [] };
    attacked.region.entra.applications.removeCertificate(plant.objectId, certificates[0]?.keyId ?? '');
    let answer: Answer | undefined;
    await attacked.refusals(async () => void (answer = await signIn(plant.clientId, before, client())));
    expect(answer).toEqual({ status: 401, code: 700027 });
  });
});

describe('an assertion', () => {
  it.each([
    ['for another endpoint', { aud: 'https://login.microsoftonline.com/common/oauth2/v2.0/token' }, 700027],
    ['that has expired', { nbf: seconds(-2_000), exp: seconds(-1_000) }, 700024],
    ['that is not valid yet', { nbf: seconds(1_000), exp: seconds(1_500) }, 700024],
    ['of days', { exp: seconds(3 * 86_400) }, 700024],
  ])('%s is refused', async (_, claims, code) => {
    const plant = await factory('plant');
    let answer: Answer | undefined;
    await attacked.refusals(async () => void (answer = await signIn(plant.clientId, assertionOf({ ...plant, claims }), client())));
    expect(answer).toEqual({ status: 401, code });
  });

  it('is worth nothing to a thief, for the same or another service, before or after its owner uses it again', async () => {
    const plant = await factory('plant');
    const assertion = assertionOf(plant);
    const [owner, thief] = [client(), client()];
    expect((await signIn(plant.clientId, assertion, owner)).status).toBe(200);
    const stolen: Answer[] = [];
    const refusals = await attacked.refusals(async () => {
      stolen.push(
        await signIn(plant.clientId, assertion, thief),
        await signIn(plant.clientId, assertion, thief, 'https://monitor.azure.com'),
        await signIn(plant.clientId, assertion, client({ resumes: false })),
      );
    });
    expect(stolen).toEqual(stolen.map(() => ({ status: 401, code: 50013 })));
    expect(refusals.map(({ reason }) => reason)).toEqual(
      refusals.map(() => 'the client assertion was used before, over a TLS session of another client'),
    );
    // The owner comes back over new connections of its session.
    expect((await signIn(plant.clientId, assertion, owner, 'https://monitor.azure.com')).status).toBe(200);
    expect(await signIn(plant.clientId, assertion, thief)).toEqual({ status: 401, code: 50013 });
    // Somebody else's right to sign in does not make a thief an owner.
    const other = await factory('other plant');
    expect((await signIn(other.clientId, assertionOf(other), thief)).status).toBe(200);
    expect(await signIn(plant.clientId, assertion, thief)).toEqual({ status: 401, code: 50013 });
  });

  it('is used again and again by the genuine client, for several services, at once and after its connections were closed', async () => {
    const plant = await factory('genuine');
    const genuine = new ClientCertificateCredential(
      tenantId,
      plant.clientId,
      { certificate: plant.pem },
      { authorityHost: attacked.region.entra.authorityHost, disableInstanceDiscovery: true, retryOptions: { maxRetries: 0 } },
    );
    const resources = [
      'storage.azure.com',
      'monitor.azure.com',
      'vault.azure.net',
      'management.azure.com',
      'iothubs.azure.net',
      'eventhubs.azure.net',
      'containerregistry.azure.net',
    ];
    const ask = async (some: readonly string[]) =>
      (await Promise.all(some.map((one) => genuine.getToken(`https://${one}/.default`)))).map(
        ({ token }) => (jwt.decode(token) as { aud: string }).aud,
      );
    expect(await ask(resources.slice(0, 3))).toEqual(resources.slice(0, 3).map((one) => `https://${one}`));
    for (const one of resources.slice(3)) {
      globalAgent.destroy();
      expect(await ask([one])).toEqual([`https://${one}`]);
    }
  });
});
