import { createHash, X509Certificate } from 'node:crypto';
import { nameBasedUuid } from '../contracts/nameBasedUuid';
import type { BuiltImage } from '../contracts/settings/buildImage';
import type { EnrolSiteAnswer } from '../contracts/settings/enrolSite';
import type { RegisteredDevice } from '../contracts/settings/registerDevice';
import { sha1ThumbprintOf, thumbprintOf } from '../contracts/thumbprint';
import { armIdOf, plannedSubscriptionId } from './armIds';

type Values = Readonly<Record<string, unknown>>;
export interface PlannedAnswer {
  readonly id: string;
  readonly state: Values;
}

const guid = (...parts: readonly string[]) => nameBasedUuid('plan', ...parts);
export const plannedDeployer = {
  subscriptionId: plannedSubscriptionId,
  tenantId: guid('tenant'),
  objectId: guid('deployer'),
  clientId: guid('deployer client'),
};

/** Public certificate that stands for the one a simulated site will make; its key was never kept. */
const plannedCertificate = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUMzKIJQJh5sjY2U1i3duhAsf1WOcwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOcGxhbm5lZC1kZXZpY2UwIBcNMjYxMTIyMjIzNjExWhgPMjEy
NjEwMjkyMjM2MTFaMBkxFzAVBgNVBAMMDnBsYW5uZWQtZGV2aWNlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE8Yd/t2H9cK3SNzA9gIn/S1ah8Me3jKV4rZLJuIow
usVoOorl48Y0teZOUl7m6D6+vFaWela0E0QA1j7p3oZo2KNTMFEwHQYDVR0OBBYE
FIk0RfxL7KaIYEY0byRLexwD7UWcMB8GA1UdIwQYMBaAFIk0RfxL7KaIYEY0byRL
exwD7UWcMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgNGP9fyFf
uExh5b1tjbK2PD6ifq/6W0+rC+lH+6U+g08CIQCTAQT+SwLkwdmmRbgGwG/4DkYl
EJ7w/Jy4TL2ef1U/qg==
-----END CERTIFICATE-----
`;

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const values = (value: unknown): Values => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {});
const imageDigest = (contentHash: string) => createHash('sha256').update(contentHash).digest('hex');

const plannedThumbprints = () => {
  const certificate = new X509Certificate(plannedCertificate);
  return { thumbprintSha256: thumbprintOf(certificate), thumbprintSha1: sha1ThumbprintOf(certificate) };
};

/** What each program of the deployment would print, if its answer is read. */
const printed: Readonly<Record<string, (environment: Values) => object>> = {
  'build-image': ({ REGISTRY_LOGIN_SERVER, PROGRAM, CONTENT_HASH }): BuiltImage => ({
    image: `${text(REGISTRY_LOGIN_SERVER)}/${text(PROGRAM)}@sha256:${imageDigest(text(CONTENT_HASH))}`,
  }),
  'enrol-site certificate': (): EnrolSiteAnswer<'certificate'> => ({ certificatePem: plannedCertificate, ...plannedThumbprints() }),
  'enrol-site hand-over': ({ VAULT_URI, SECRET_NAME, CERTIFICATE_THUMBPRINT }): EnrolSiteAnswer<'hand-over'> => ({
    secretUri: `${text(VAULT_URI)}secrets/${text(SECRET_NAME)}`,
    thumbprintSha256: text(CERTIFICATE_THUMBPRINT),
  }),
  'register-device create': ({ DEVICE_ID }): RegisteredDevice => ({ deviceId: text(DEVICE_ID), status: 'created' }),
};
function commandOutput({ create, environment }: Values): string {
  const [, program = '', action = ''] = /^node dist\/([\w-]+)\/index\.js((?: [\w-]+)?)$/.exec(text(create)) ?? [];
  return JSON.stringify(printed[program + action]?.(values(environment)) ?? {});
}

/** Azure makes a rule and an endpoint with an Azure Monitor workspace, in a group of its own. */
function monitorWorkspace(inputs: Values): Values {
  const name = text(inputs['azureMonitorWorkspaceName']);
  const location = text(inputs['location']);
  const managed = (kind: string) =>
    `/subscriptions/${plannedSubscriptionId}/resourceGroups/MA_${name}_${location}_managed/providers/Microsoft.Insights/${kind}/${name}`;
  return {
    accountId: guid('account', name),
    metrics: { internalId: guid('metrics', name), prometheusQueryEndpoint: `https://${name}.${location}.prometheus.monitor.azure.com` },
    defaultIngestionSettings: {
      dataCollectionEndpointResourceId: managed('dataCollectionEndpoints'),
      dataCollectionRuleResourceId: managed('dataCollectionRules'),
    },
  };
}

/** Outputs that Azure adds to the inputs, as far as a program may read them. */
const answered: Readonly<Record<string, (inputs: Values, name: string) => Values>> = {
  'azure-native:managedidentity:UserAssignedIdentity': (_, name) => ({
    principalId: guid('principal', name),
    clientId: guid('client', name),
    tenantId: plannedDeployer.tenantId,
  }),
  'azure-native:storage:StorageAccount': ({ accountName }) => ({
    primaryEndpoints: Object.fromEntries(
      ['blob', 'queue', 'table', 'file', 'dfs'].map((service) => [service, `https://${text(accountName)}.${service}.core.windows.net/`]),
    ),
  }),
  'azure-native:resources:Resource': ({ properties, resourceName, resourceType }) => ({
    properties: {
      ...values(properties),
      ...(resourceType === 'vaults' ? { vaultUri: `https://${text(resourceName)}.vault.azure.net/` } : {}),
    },
  }),
  'azure-native:containerregistry:Registry': ({ registryName }) => ({ loginServer: `${text(registryName)}.azurecr.io` }),
  'azure-native:eventhub:Namespace': ({ namespaceName }) => ({
    serviceBusEndpoint: `https://${text(namespaceName)}.servicebus.windows.net:443/`,
  }),
  'azure-native:iothub:IotHubResource': ({ properties, resourceName }) => ({
    properties: { ...values(properties), hostName: `${text(resourceName)}.azure-devices.net` },
  }),
  'azure-native:operationalinsights:Workspace': (_, name) => ({ customerId: guid('customer', name) }),
  'azure-native:applicationinsights:Component': ({ location }, name) => ({
    appId: guid('app', name),
    instrumentationKey: guid('instrumentation key', name),
    connectionString: `InstrumentationKey=${guid('instrumentation key', name)};IngestionEndpoint=https://${text(location)}-0.in.applicationinsights.azure.com/;LiveEndpoint=https://${text(location)}.livediagnostics.monitor.azure.com/`,
  }),
  'azure-native:monitor:AzureMonitorWorkspace': monitorWorkspace,
  'azuread:index/application:Application': (_, name) => ({ clientId: guid('client', name), objectId: guid('application', name) }),
  'azuread:index/servicePrincipal:ServicePrincipal': (_, name) => ({ objectId: guid('principal', name) }),
  'random:index/randomString:RandomString': ({ length }) => ({ result: 'x'.repeat(Number(length)) }),
  'command:local:Command': (inputs) => ({ stdout: commandOutput(inputs), stderr: '' }),
};

const idOf = (type: string, name: string, inputs: Values, outputs: Values): string => {
  if (type.startsWith('azure-native:')) return armIdOf(type, name, inputs);
  if (type === 'azuread:index/application:Application') return `/applications/${text(outputs['objectId'])}`;
  if (type === 'azuread:index/servicePrincipal:ServicePrincipal') return `/servicePrincipals/${text(outputs['objectId'])}`;
  return type.startsWith('random:') ? text(outputs['result']) : guid(type, name);
};

/** What a deployment would answer for a resource. The same program and configuration always get the same answers. */
export function plannedAnswer(type: string, name: string, inputs: Values): PlannedAnswer {
  const outputs = answered[type.replace(/^(azure-native:[^:/]+)\/v\w+:/, '$1:')]?.(inputs, name) ?? {};
  const id = idOf(type, name, inputs, outputs);
  const identity = values(inputs['identity']);
  const own = /SystemAssigned/.test(text(identity['type']))
    ? { identity: { ...identity, principalId: guid('principal', name), tenantId: plannedDeployer.tenantId } }
    : {};
  const arm = type.startsWith('azure-native:') ? { name: id.split('/').pop() ?? name } : {};
  return { id, state: { ...inputs, ...arm, ...own, ...outputs } };
}

/** What a provider function would answer; undefined where the plan cannot know. */
export function plannedFunction(token: string, inputs: Values): Values | undefined {
  if (token === 'azure-native:authorization:getClientConfig') return plannedDeployer;
  const [, module, type] = /^azure-native:([^:/]+):get(\w+)$/.exec(token) ?? [];
  if (module === undefined || type === undefined) return undefined;
  const id = armIdOf(`azure-native:${module}:${type}`, type, inputs);
  const name = id.split('/').pop() ?? '';
  const location = /_([a-z0-9]+)_managed\//.exec(id)?.[1] ?? text(inputs['location']);
  return {
    ...inputs,
    id,
    name,
    ...plannedAnswer(`azure-native:${module}:${type}`, name, inputs).state,
    ...(type === 'DataCollectionEndpoint'
      ? { metricsIngestion: { endpoint: `https://${name}.${location}-1.metrics.ingest.monitor.azure.com` } }
      : {}),
    ...(type === 'DataCollectionRule' ? { immutableId: `dcr-${createHash('md5').update(id).digest('hex')}` } : {}),
  };
}

/** Directory object that the resource acts as. */
export const principalOf = (state: Values): string | undefined =>
  [state['principalId'], values(state['identity'])['principalId'], state['objectId']].map(text).find((one) => one !== '');
