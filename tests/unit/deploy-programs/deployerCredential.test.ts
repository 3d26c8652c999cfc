import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
} from '@azure/identity';
import { deployerCredential, deployerSignIn } from '../../../deploy-programs/deployerCredential';
import { makeKeyAndCertificate } from '../../../deploy-programs/keyAndCertificate';

const directory = mkdtempSync(join(tmpdir(), 'deployer-'));
afterAll(() => rmSync(directory, { recursive: true }));
const who = { ARM_CLIENT_ID: '11111111-1111-4111-8111-111111111111', ARM_TENANT_ID: '22222222-2222-4222-8222-222222222222' };
const principal = { clientId: who.ARM_CLIENT_ID, tenantId: who.ARM_TENANT_ID };
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
async function assertionOf(environment: NodeJS.ProcessEnv): Promise<string> {
  const signIn = deployerSignIn({ ...who, ARM_USE_OIDC: 'true', ...environment });
  if (signIn.kind !== 'assertion') throw new Error(`expected an assertion, got ${signIn.kind}`);
  expect(signIn).toMatchObject(principal);
  return signIn.assertion();
}

describe("the commands of a deployment sign in as Pulumi's Azure provider does", () => {
  it('with a secret', () => {
    expect(deployerSignIn({ ...who, ARM_CLIENT_SECRET: 's3cret' })).toEqual({ kind: 'secret', ...principal, secret: 's3cret' });
    expect(deployerCredential({ ...who, ARM_CLIENT_SECRET: 's3cret' })).toBeInstanceOf(ClientSecretCredential);
  });

  it('with a certificate, which goes before a secret; one that is not PEM is refused with what to do', async () => {
    const pem = file('deployer.pem', await makeKeyAndCertificate('deployer', new Date()));
    expect(
      deployerSignIn({ ...who, ARM_CLIENT_CERTIFICATE_PATH: pem, ARM_CLIENT_CERTIFICATE_PASSWORD: 'p', ARM_CLIENT_SECRET: 's' }),
    ).toEqual({ kind: 'certificate', ...principal, path: pem, password: 'p' });
    expect(deployerCredential({ ...who, ARM_CLIENT_CERTIFICATE_PATH: pem })).toBeInstanceOf(ClientCertificateCredential);
    expect(() => deployerCredential({ ...who, ARM_CLIENT_CERTIFICATE_PATH: file('deployer.pfx', '\u0030\u0082') })).toThrow(
      /deployer\.pfx \(ARM_CLIENT_CERTIFICATE_PATH\) is not PEM: .*openssl pkcs12/,
    );
  });

  it('with a token of the build agent: given, in a file that may be renewed, or asked for', async () => {
    expect(await assertionOf({ ARM_OIDC_TOKEN: 'given' })).toBe('given');
    const path = file('token', 'first\n');
    const signIn = deployerSignIn({ ...who, ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN_FILE_PATH: path });
    file('token', 'second\n');
    expect(signIn.kind === 'assertion' ? await signIn.assertion() : undefined).toBe('second');
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.end(JSON.stringify({ value: 'asked' }));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?run=7`;
    expect(await assertionOf({ ARM_OIDC_REQUEST_URL: url, ARM_OIDC_REQUEST_TOKEN: 'agent' })).toBe('asked');
    expect(
      await assertionOf({ ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'action', ARM_OIDC_AUDIENCE: 'api://Other' }),
    ).toBe('asked');
    server.close();
    expect(asked).toEqual([
      '/token?run=7&audience=api%3A%2F%2FAzureADTokenExchange',
      'Bearer agent',
      '/token?run=7&audience=api%3A%2F%2FOther',
      'Bearer action',
    ]);
    expect(deployerCredential({ ...who, ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN: 'given' })).toBeInstanceOf(ClientAssertionCredential);
  });

  it('with the identity of the build agent, or as the Azure SDK finds', () => {
    expect(deployerSignIn({ ...who, ARM_USE_MSI: 'true' })).toEqual({ kind: 'managed-identity', clientId: who.ARM_CLIENT_ID });
    expect(deployerCredential({ ARM_USE_MSI: 'true' })).toBeInstanceOf(ManagedIdentityCredential);
    expect(deployerSignIn({ ...who, ARM_USE_DEFAULT_AZURE_CREDENTIAL: 'true', ARM_CLIENT_SECRET: 's' })).toEqual({
      kind: 'default',
      tenantId: who.ARM_TENANT_ID,
    });
    expect(deployerSignIn(who)).toEqual({ kind: 'default' });
    expect(deployerCredential({})).toBeInstanceOf(DefaultAzureCredential);
  });

  it('or say which half is missing, and never the other', () => {
    expect(() => deployerSignIn({ ARM_CLIENT_SECRET: 's3cret', ARM_CLIENT_ID: who.ARM_CLIENT_ID })).toThrow(
      /^ARM_TENANT_ID is missing: ARM_CLIENT_SECRET is set/,
    );
    expect(() => deployerSignIn({ ...who, ARM_USE_OIDC: 'true' })).toThrow(/expected ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH/);
    expect(() => deployerSignIn({ ...who, ARM_CLIENT_SECRET: '' })).not.toThrow();
  });
});
