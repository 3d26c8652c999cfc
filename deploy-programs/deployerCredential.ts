import { readFileSync } from 'node:fs';
import {
  AzureCliCredential,
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import { SettingsError } from '../contracts/settings/settings';

/** How Pulumi's Azure provider signs in by its environment, and what with. */
export type DeployerSignIn =
  | { readonly kind: 'default'; readonly tenantId?: string }
  | {
      readonly kind: 'certificate';
      readonly tenantId: string;
      readonly clientId: string;
      readonly path: string;
      readonly password?: string;
    }
  | { readonly kind: 'secret'; readonly tenantId: string; readonly clientId: string; readonly secret: string }
  | { readonly kind: 'assertion'; readonly tenantId: string; readonly clientId: string; readonly assertion: () => Promise<string> }
  | { readonly kind: 'static-assertion'; readonly tenantId: string; readonly clientId: string; readonly token: string }
  | { readonly kind: 'managed-identity'; readonly clientId?: string }
  | { readonly kind: 'azure-cli'; readonly tenantId?: string; readonly subscription?: string };

const requestTimeoutMs = 30_000;

/** Asks the build agent for a token of its own; GitHub's, and others that answer alike. */
async function requestedAssertion(requestUrl: string, requestToken: string, audience: string): Promise<string> {
  const url = new URL(requestUrl);
  url.searchParams.set('audience', audience);
  const answer = await fetch(url, {
    headers: { accept: 'application/json', authorization: `Bearer ${requestToken}` },
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  if (!answer.ok) throw new Error(`the request for an OIDC token was answered with status ${answer.status} by ${url.host}`);
  const { value } = (await answer.json()) as { value?: unknown };
  if (typeof value !== 'string') throw new Error(`expected {"value": "<token>"} from ${url.host}, got something else`);
  return value;
}

/** The session of the CLI, which renews its tokens by itself. `az` refuses a tenant beside a subscription; the subscription knows its own. */
const cliSession = (tenantId: string | undefined, subscription: string | undefined): DeployerSignIn => ({
  kind: 'azure-cli',
  ...(subscription !== undefined ? { subscription } : tenantId === undefined ? {} : { tenantId }),
});

/** The provider's own order: default, certificate, secret, OIDC, managed identity; without any of them whoever is signed in to the Azure CLI. */
export function deployerSignIn(environment: NodeJS.ProcessEnv): DeployerSignIn {
  const given = (name: string) => environment[name] || undefined;
  const needed = (name: string, by: string): string => {
    const value = given(name);
    if (value === undefined) throw new SettingsError(`${name} is missing: ${by} is set, and Pulumi's Azure provider signs in with both`);
    return value;
  };
  const principal = (by: string) => ({ tenantId: needed('ARM_TENANT_ID', by), clientId: needed('ARM_CLIENT_ID', by) });
  const [path, password, secret] = [
    given('ARM_CLIENT_CERTIFICATE_PATH'),
    given('ARM_CLIENT_CERTIFICATE_PASSWORD'),
    given('ARM_CLIENT_SECRET'),
  ];
  const [tenantId, clientId] = [given('ARM_TENANT_ID'), given('ARM_CLIENT_ID')];

  if (given('ARM_USE_DEFAULT_AZURE_CREDENTIAL') === 'true') return { kind: 'default', ...(tenantId === undefined ? {} : { tenantId }) };
  if (path !== undefined)
    return { kind: 'certificate', ...principal('ARM_CLIENT_CERTIFICATE_PATH'), path, ...(password === undefined ? {} : { password }) };
  if (secret !== undefined) return { kind: 'secret', ...principal('ARM_CLIENT_SECRET'), secret };
  if (given('ARM_USE_OIDC') === 'true') {
    const [token, file] = [given('ARM_OIDC_TOKEN'), given('ARM_OIDC_TOKEN_FILE_PATH')];
    const who = principal('ARM_USE_OIDC');
    if (token !== undefined) return { kind: 'static-assertion', ...who, token };
    if (file !== undefined) return { kind: 'assertion', ...who, assertion: () => Promise.resolve(readFileSync(file, 'utf8').trim()) };
    const requestUrl = given('ARM_OIDC_REQUEST_URL') ?? given('ACTIONS_ID_TOKEN_REQUEST_URL');
    const requestToken = given('ARM_OIDC_REQUEST_TOKEN') ?? given('ACTIONS_ID_TOKEN_REQUEST_TOKEN');
    if (requestUrl === undefined || requestToken === undefined)
      throw new SettingsError(
        'ARM_USE_OIDC is set: expected ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN, ARM_OIDC_TOKEN_FILE_PATH, or ARM_OIDC_TOKEN',
      );
    const audience = given('ARM_OIDC_AUDIENCE') ?? 'api://AzureADTokenExchange';
    return { kind: 'assertion', ...who, assertion: () => requestedAssertion(requestUrl, requestToken, audience) };
  }
  if (given('ARM_USE_MSI') === 'true') return { kind: 'managed-identity', ...(clientId === undefined ? {} : { clientId }) };
  return cliSession(tenantId, given('ARM_SUBSCRIPTION_ID'));
}

const staticTokenWarning =
  'warning: ARM_OIDC_TOKEN is one token for the whole deployment; a build agent issues it for minutes, and what signs in after that is refused ' +
  '(AADSTS700024). Use a sign-in that is renewed: ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN (GitHub), ARM_OIDC_TOKEN_FILE_PATH (a file ' +
  'that is written anew), or no ARM_USE_OIDC and the session of the Azure CLI (Azure Pipelines: AzureCLI@2 with keepAzSessionActive).';

/** Where to sign in, if not at the public cloud or where the environment says. */
export interface Authority {
  readonly authorityHost?: string;
  readonly disableInstanceDiscovery?: boolean;
}

function certificateCredential(
  { tenantId, clientId, path, password }: Extract<DeployerSignIn, { kind: 'certificate' }>,
  authority: Authority,
): TokenCredential {
  if (!readFileSync(path, 'latin1').includes('-----BEGIN')) {
    throw new SettingsError(
      `${path} (ARM_CLIENT_CERTIFICATE_PATH) is not PEM: Pulumi's Azure provider reads PKCS#12 too, the commands of the deployment do not; openssl pkcs12 -nodes makes a PEM file of it`,
    );
  }
  return new ClientCertificateCredential(
    tenantId,
    clientId,
    { certificatePath: path, ...(password === undefined ? {} : { certificatePassword: password }) },
    authority,
  );
}

/** Signs in as the same principal as Pulumi's Azure provider: its roles are the deployer's. */
export function deployerCredential(environment: NodeJS.ProcessEnv, authority: Authority = {}): TokenCredential {
  const signIn = deployerSignIn(environment);
  switch (signIn.kind) {
    case 'certificate':
      return certificateCredential(signIn, authority);
    case 'secret':
      return new ClientSecretCredential(signIn.tenantId, signIn.clientId, signIn.secret, authority);
    case 'assertion':
      return new ClientAssertionCredential(signIn.tenantId, signIn.clientId, signIn.assertion, authority);
    case 'static-assertion':
      console.error(staticTokenWarning);
      return new ClientAssertionCredential(signIn.tenantId, signIn.clientId, () => Promise.resolve(signIn.token), authority);
    case 'azure-cli':
      return new AzureCliCredential({
        processTimeoutInMs: requestTimeoutMs,
        ...(signIn.tenantId === undefined ? {} : { tenantId: signIn.tenantId }),
        ...(signIn.subscription === undefined ? {} : { subscription: signIn.subscription }),
      });
    case 'managed-identity':
      return new ManagedIdentityCredential(signIn.clientId === undefined ? {} : { clientId: signIn.clientId });
    case 'default':
      return new DefaultAzureCredential({ ...authority, ...(signIn.tenantId === undefined ? {} : { tenantId: signIn.tenantId }) });
  }
}
