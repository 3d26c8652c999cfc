import { execFile } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { ClientCertificateCredential } from '@azure/identity';
import jwt from 'jsonwebtoken';
import { makeKeyAndCertificate } from '../../deploy-programs/keyAndCertificate';
import { tenantId } from '../../local-azure/region/regionContext';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { platformRegion, type PlatformRegion } from './platformRegion';
import { projectRoot } from '../support/projectRoot';

let region: PlatformRegion;
beforeAll(async () => {
  region = await platformRegion();
});
afterAll(() => region.stop());

/** A program of its own: MSAL keeps the identity source in statics, so each identity needs its own process. */
const script = `
const { DefaultAzureCredential } = require('@azure/identity');
(async () => {
  const resources = JSON.parse(process.env.RESOURCES);
  const credential = new DefaultAzureCredential();
  const tokens = [];
  for (const resource of resources) tokens.push((await credential.getToken(resource + '/.default')).token);
  console.log(JSON.stringify(tokens));
})().catch((error) => { console.error(error.message); process.exit(1); });`;
async function tokensOf(environment: Record<string, string>, resources: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
    cwd: projectRoot,
    env: { ...environment, AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential', RESOURCES: JSON.stringify(resources) },
    timeout: 30_000,
  });
  return JSON.parse(stdout) as string[];
}
const verified = (token: string, audience: string): Principal | string => {
  const check = region.context.authority.verify(token, [audience]);
  return check.ok ? check.principal : check.reason;
};

describe('managed identities through DefaultAzureCredential', () => {
  it('get tokens for their own identity and for the audience that was asked, Event Hubs with its double slash', async () => {
    const who = region.identity('job');
    const { environment, revoke } = region.entra.grant([who], { protocol: 'appService' });
    const [storage, events] = await tokensOf({ ...environment, AZURE_CLIENT_ID: who.clientId }, [
      'https://storage.azure.com',
      'https://eventhubs.azure.net/',
    ]);
    expect(verified(storage ?? '', 'https://storage.azure.com')).toEqual(who);
    expect(verified(events ?? '', 'https://eventhubs.azure.net')).toEqual(who);
    expect(verified(storage ?? '', 'https://vault.azure.net')).toMatch(/audience/);
    revoke();
    await expect(tokensOf({ ...environment, AZURE_CLIENT_ID: who.clientId }, ['https://storage.azure.com'])).rejects.toThrow(
      /not that of a running replica/,
    );
  });

  it('get tokens on an Azure ML node, with and without a client id', async () => {
    const cluster = region.identity('cluster');
    const { environment } = region.entra.grant([cluster], { protocol: 'machineLearning' });
    expect(Object.keys(environment).sort()).toEqual(['DEFAULT_IDENTITY_CLIENT_ID', 'MSI_ENDPOINT', 'MSI_SECRET']);
    for (const more of [{ AZURE_CLIENT_ID: cluster.clientId }, {}]) {
      const [token] = await tokensOf({ ...environment, ...more } as Record<string, string>, ['https://management.azure.com']);
      expect(verified(token ?? '', 'https://management.azure.com')).toEqual(cluster);
    }
  });

  it('do not get the token of an identity that was not declared, nor one by default', async () => {
    const [mine, other] = [region.identity('mine'), region.identity('other')];
    const { environment } = region.entra.grant([mine], { protocol: 'appService' });
    await expect(tokensOf({ ...environment, AZURE_CLIENT_ID: other.clientId }, ['https://storage.azure.com'])).rejects.toThrow(
      new RegExp(`no managed identity ${other.clientId}`),
    );
    await expect(tokensOf(environment, ['https://storage.azure.com'])).rejects.toThrow(/set AZURE_CLIENT_ID/);
    await expect(
      tokensOf({ ...environment, IDENTITY_HEADER: 'guessed', AZURE_CLIENT_ID: mine.clientId }, ['https://storage.azure.com']),
    ).rejects.toThrow(/not that of a running replica/);
  });
});

describe('a certificate identity through ClientCertificateCredential', () => {
  const register = async (name: string) => {
    const application = region.entra.applications.register(name);
    const principal = region.entra.applications.addServicePrincipal(application.clientId);
    const pem = await makeKeyAndCertificate(name, new Date());
    return { application, principal, pem, certificate: new X509Certificate(pem).toString() };
  };
  const credential = (clientId: string, pem: string) =>
    new ClientCertificateCredential(
      tenantId,
      clientId,
      { certificate: pem },
      { authorityHost: region.entra.authorityHost, disableInstanceDiscovery: true, retryOptions: { maxRetries: 0 } },
    );

  it('signs in with a registered certificate, for several audiences, and its token verifies with the published key', async () => {
    const { application, principal, pem, certificate } = await register('site');
    region.entra.applications.addCertificate(application.objectId, certificate);
    const client = credential(application.clientId, pem);
    const { token } = await client.getToken('https://monitor.azure.com/.default');
    expect(verified(token, 'https://monitor.azure.com')).toEqual(principal);
    expect(verified((await client.getToken('https://storage.azure.com/.default')).token, 'https://storage.azure.com')).toEqual(principal);
    const { keys } = (await (await fetch(`${region.entra.authorityHost}/${tenantId}/discovery/v2.0/keys`)).json()) as {
      keys: { kid: string }[];
    };
    const { header } = jwt.decode(token, { complete: true }) as jwt.Jwt;
    expect(keys[0]?.kid).toBe(header.kid);
    expect(() => jwt.verify(token, createPublicKey({ key: keys[0] as never, format: 'jwk' }))).not.toThrow();
  });

  it('is refused with a certificate that is not registered, was removed, or has ended', async () => {
    const { application, pem, certificate } = await register('stranger');
    const refused = (key = pem) => credential(application.clientId, key).getToken('https://monitor.azure.com/.default');
    await expect(refused()).rejects.toThrow(/AADSTS700027/);
    const added = region.entra.applications.addCertificate(application.objectId, certificate);
    await expect(refused(await makeKeyAndCertificate('stranger', new Date()))).rejects.toThrow(/AADSTS700027/);
    region.entra.applications.addCertificate(application.objectId, certificate, { endDate: new Date(Date.now() - 1_000).toISOString() });
    await expect(refused()).rejects.toThrow(/valid from/);
    region.entra.applications.removeCertificate(application.objectId, added.keyId);
    await expect(refused()).rejects.toThrow(/AADSTS700027/);
    expect(region.logged.some((line) => line.includes('PRIVATE KEY'))).toBe(false);
  });
});
