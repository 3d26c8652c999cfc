import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AzureCliCredential,
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
} from '@azure/identity';
import { deployerCredential, deployerSignIn } from '../../../deploy-programs/deployerCredential';
import { makeKeyAndCertificate } from '../../../deploy-programs/keyAndCertificate';
import { parse } from 'yaml';
import { projectRoot } from '../../support/projectRoot';

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

  it('with a token of the build agent: in a file that may be renewed, or asked for', async () => {
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
    expect(deployerCredential({ ...who, ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN_FILE_PATH: path })).toBeInstanceOf(ClientAssertionCredential);
  });

  it('with one token that was given, which ends: which is said, with what to use instead', () => {
    const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(deployerCredential({ ...who, ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN: 'given' })).toBeInstanceOf(ClientAssertionCredential);
    expect(said.mock.calls).toEqual([
      [expect.stringMatching(/^warning: ARM_OIDC_TOKEN is .*minutes.*ARM_OIDC_TOKEN_FILE_PATH.*keepAzSessionActive/)],
    ]);
    deployerCredential({ ...who, ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN_FILE_PATH: 'token' });
    deployerCredential({});
    expect(said).toHaveBeenCalledTimes(1);
    said.mockRestore();
  });

  it('with the identity of the build agent, as the Azure SDK finds where that is asked for, or with the session of the CLI', () => {
    expect(deployerSignIn({ ...who, ARM_USE_MSI: 'true' })).toEqual({ kind: 'managed-identity', clientId: who.ARM_CLIENT_ID });
    expect(deployerCredential({ ARM_USE_MSI: 'true' })).toBeInstanceOf(ManagedIdentityCredential);
    expect(deployerSignIn({ ...who, ARM_USE_DEFAULT_AZURE_CREDENTIAL: 'true', ARM_CLIENT_SECRET: 's' })).toEqual({
      kind: 'default',
      tenantId: who.ARM_TENANT_ID,
    });
    expect(deployerCredential({ ARM_USE_DEFAULT_AZURE_CREDENTIAL: 'true' })).toBeInstanceOf(DefaultAzureCredential);
    expect(deployerSignIn(who)).toEqual({ kind: 'azure-cli', tenantId: who.ARM_TENANT_ID });
    // As the provider, they do not take what only the Azure SDK would: a second principal.
    expect(deployerCredential({ AZURE_CLIENT_ID: 'c', AZURE_TENANT_ID: 't', AZURE_CLIENT_SECRET: 's' })).toBeInstanceOf(AzureCliCredential);
  });

  it('asks the CLI by subscription or by tenant, not by both: it refuses that', () => {
    const [subscription, tenant] = ['33333333-3333-4333-8333-333333333333', who.ARM_TENANT_ID];
    expect(deployerSignIn({ ARM_SUBSCRIPTION_ID: subscription, ARM_TENANT_ID: tenant })).toEqual({ kind: 'azure-cli', subscription });
  });

  it('or say which half is missing, and never the other', () => {
    expect(() => deployerSignIn({ ARM_CLIENT_SECRET: 's3cret', ARM_CLIENT_ID: who.ARM_CLIENT_ID })).toThrow(
      /^ARM_TENANT_ID is missing: ARM_CLIENT_SECRET is set/,
    );
    expect(() => deployerSignIn({ ...who, ARM_USE_OIDC: 'true' })).toThrow(
      /expected ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN, ARM_OIDC_TOKEN_FILE_PATH/,
    );
    expect(() => deployerSignIn({ ...who, ARM_CLIENT_SECRET: '' })).not.toThrow();
  });
});

/** Environment of the script of signed-in.yml: what it exports and what the step sets, beside what the task gives. */
function environmentOfPipeline(): Record<string, string> {
  const { steps } = parse(readFileSync(join(projectRoot, '.azure-pipelines', 'signed-in.yml'), 'utf8')) as {
    steps: { inputs: { inlineScript: string; addSpnToEnvironment?: boolean }; env: Record<string, string> }[];
  };
  const step = steps[0];
  if (step === undefined) throw new Error('signed-in.yml has no step');
  const ofTask: Record<string, string> =
    step.inputs.addSpnToEnvironment === true
      ? { servicePrincipalId: who.ARM_CLIENT_ID, tenantId: who.ARM_TENANT_ID, idToken: 'ten minutes' }
      : {};
  const given = [...step.inputs.inlineScript.matchAll(/\b([A-Z_]+)=("\$(\w+)"|\$\([^)]*\)|\S+)/g)].map(
    ([, name = '', value = '', variable]) => [name, variable === undefined ? value : (ofTask[variable] ?? '')],
  );
  return { ...step.env, ...ofTask, ...(Object.fromEntries(given) as Record<string, string>) };
}

describe('a deployment that takes longer than a token lives', () => {
  const oidc = { ...who, ARM_USE_OIDC: 'true' };
  it.each<[string, NodeJS.ProcessEnv, ReturnType<typeof deployerSignIn>['kind']]>([
    ['Azure Pipelines, by signed-in.yml', environmentOfPipeline(), 'azure-cli'],
    ['GitHub', { ...oidc, ACTIONS_ID_TOKEN_REQUEST_URL: 'https://a', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't' }, 'assertion'],
    ['GitHub, by the names of the provider', { ...oidc, ARM_OIDC_REQUEST_URL: 'https://a', ARM_OIDC_REQUEST_TOKEN: 't' }, 'assertion'],
    ['GitLab, by a file', { ...oidc, ARM_OIDC_TOKEN_FILE_PATH: '/token' }, 'assertion'],
    ['a virtual machine', { ARM_USE_MSI: 'true', ARM_CLIENT_ID: who.ARM_CLIENT_ID }, 'managed-identity'],
    ['a person', {}, 'azure-cli'],
    ['a certificate', { ...who, ARM_CLIENT_CERTIFICATE_PATH: '/pem' }, 'certificate'],
    ['a secret', { ...who, ARM_CLIENT_SECRET: 's' }, 'secret'],
    ['one token, which ends', { ...oidc, ARM_OIDC_TOKEN: 't' }, 'static-assertion'],
  ])('%s', (_, environment, kind) => {
    expect(deployerSignIn(environment).kind).toBe(kind);
  });

  it('asks the CLI again for every token, so that a session that was renewed meanwhile counts', async () => {
    const calls = join(directory, 'calls');
    const answer = `{"accessToken":"'$(wc -l < '${calls}' | tr -d ' ')'","expiresOn":"2999-01-01 00:00:00.000000","expires_on":32472144000}`;
    writeFileSync(join(directory, 'az'), `#!/bin/sh\necho "$*" >> '${calls}'\necho '${answer}'\n`, { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = `${directory}:${path ?? ''}`;
    try {
      const credential = deployerCredential({ ARM_SUBSCRIPTION_ID: '33333333-3333-4333-8333-333333333333' });
      const token = async () => (await credential.getToken('https://vault.azure.net/.default'))?.token;
      expect([await token(), await token()]).toEqual(['1', '2']);
    } finally {
      process.env['PATH'] = path;
    }
    expect(readFileSync(calls, 'utf8').split('\n')[0]).toBe(
      'account get-access-token --output json --resource https://vault.azure.net --subscription 33333333-3333-4333-8333-333333333333',
    );
  });

  it('in Azure Pipelines finds the subscription of the service connection', () => {
    expect(environmentOfPipeline()).toMatchObject({ ARM_SUBSCRIPTION_ID: expect.stringContaining('az account show') as string });
  });
});
