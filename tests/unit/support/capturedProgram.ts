import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import * as runtime from '@pulumi/pulumi/runtime';
import type { BuiltImage } from '../../../contracts/settings/buildImage';
import type { EnrolSiteAnswer } from '../../../contracts/settings/enrolSite';
import type { RegisteredDevice } from '../../../contracts/settings/registerDevice';

export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: Record<string, unknown>;
  readonly custom: boolean;
}
export interface Options {
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deletedWith: string;
}
export interface Captured {
  readonly registrations: readonly Registration[];
  readonly options: ReadonlyMap<string, Options>;
  readonly outputs: Record<string, unknown>;
}

const subscriptionId = '00000000-0000-4000-8000-000000000001';
export const guid = (text: string) => {
  const hex = createHash('sha1').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
/** A public certificate whose key was thrown away. */
export const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUHZYy2B2iYPmXN7UXv+ijOp49QLowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJYWltbS10ZXN0MCAXDTI2MTEyMjIwMDEwM1oYDzIxMjYxMDI5
MjAwMTAzWjAUMRIwEAYDVQQDDAlhaW1tLXRlc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARL3Kh8PWEYxqcsXbn/R+vJcWsLbw1fbg2oSlNp2emrC5tADio/tWaP
mkxHJMeVGqc5r/IIWL2Nj4SGhn49UUFFo1MwUTAdBgNVHQ4EFgQUksCb8IDiQ4C4
zaa5hnHXBkLb/EUwHwYDVR0jBBgwFoAUksCb8IDiQ4C4zaa5hnHXBkLb/EUwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAiuEbAs1mhMGl4z4ssTmi
Q2CBEMh7wUD5EuSgRgg+iwMCIQDQ+NOj9ne00BLp26mRBPEaDUWpnGTQxWTROfst
lD3KKw==
-----END CERTIFICATE-----
`;

const nested: Readonly<Record<string, (inputs: Record<string, unknown>) => string>> = {
  'azure-native:storage:BlobContainer': (i) =>
    `Microsoft.Storage/storageAccounts/${String(i.accountName)}/blobServices/default/containers/${String(i.containerName)}`,
  'azure-native:storage:Queue': (i) =>
    `Microsoft.Storage/storageAccounts/${String(i.accountName)}/queueServices/default/queues/${String(i.queueName)}`,
  'azure-native:eventhub:EventHub': (i) => `Microsoft.EventHub/namespaces/${String(i.namespaceName)}/eventhubs/${String(i.eventHubName)}`,
};

/** What Azure makes with an Azure Monitor workspace. */
export const managedId = (kind: string) =>
  `/subscriptions/${subscriptionId}/resourceGroups/MA_metrics_westeurope_managed/providers/Microsoft.Insights/${kind}/metrics`;
const functions: Readonly<Record<string, Record<string, unknown>>> = {
  'azure-native:authorization:getClientConfig': {
    subscriptionId,
    tenantId: guid('tenant'),
    objectId: guid('deployer'),
    clientId: guid('deployer client'),
  },
  'azure-native:containerregistry:getRegistry': { id: 'shared registry', loginServer: 'shared.azurecr.io' },
  'azuread:index/getServicePrincipal:getServicePrincipal': { objectId: guid('an existing principal') },
  'azure-native:monitor:getDataCollectionEndpoint': {
    id: managedId('dataCollectionEndpoints'),
    metricsIngestion: { endpoint: 'https://metrics-ab12.westeurope-1.metrics.ingest.monitor.azure.com' },
  },
  'azure-native:monitor:getDataCollectionRule': {
    id: managedId('dataCollectionRules'),
    immutableId: 'dcr-0123456789abcdef0123456789abcdef',
  },
};

/** What Azure would answer, as far as the program reads it. */
function answer(type: string, name: string, inputs: Record<string, unknown>): { id: string; state: Record<string, unknown> } {
  const own = Object.entries(inputs).find(
    ([key, value]) =>
      /^(name|accountName|containerName|queueName|registryName|workspaceName|systemTopicName|namespaceName|eventHubName|consumerGroupName|jobName|containerAppName|environmentName|computeName|vaultName)$/.test(
        key,
      ) && typeof value === 'string',
  );
  const last =
    ['containerName', 'queueName', 'consumerGroupName', 'eventHubName', 'computeName', 'resourceName', 'name']
      .map((key) => inputs[key])
      .find((value) => typeof value === 'string') ??
    own?.[1] ??
    name;
  const resource =
    type === 'azure-native:resources:Resource'
      ? `Microsoft.KeyVault/vaults/${String(inputs.resourceName)}`
      : (nested[type]?.(inputs) ?? `Test/${type.split(':').slice(1).join('/')}/${String(last)}`);
  const id =
    type === 'azure-native:resources:ResourceGroup'
      ? `/subscriptions/${subscriptionId}/resourceGroups/${String(inputs.resourceGroupName)}`
      : `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/${resource}`;
  const state: Record<string, unknown> = {
    ...inputs,
    name: inputs.resourceGroupName !== undefined && type.endsWith(':ResourceGroup') ? inputs.resourceGroupName : last,
  };
  const identity = inputs.identity as { type?: string } | undefined;
  if (identity?.type === 'SystemAssigned')
    state.identity = { ...identity, principalId: guid(`principal ${name}`), tenantId: guid('tenant') };
  const account = String(inputs.accountName);
  switch (type) {
    case 'random:index/randomString:RandomString':
      return { id: 'abc123', state: { ...inputs, result: 'abc123' } };
    case 'azure-native:managedidentity:UserAssignedIdentity':
      return {
        id,
        state: { ...state, principalId: guid(`principal ${name}`), clientId: guid(`client ${name}`), tenantId: guid('tenant') },
      };
    case 'azure-native:storage:StorageAccount':
      return {
        id,
        state: {
          ...state,
          primaryEndpoints: { blob: `https://${account}.blob.core.windows.net/`, queue: `https://${account}.queue.core.windows.net/` },
        },
      };
    case 'azure-native:resources:Resource':
      return {
        id,
        state: {
          ...state,
          properties: { ...(inputs.properties as object), vaultUri: `https://${String(inputs.resourceName)}.vault.azure.net/` },
        },
      };
    case 'azure-native:containerregistry:Registry':
      return { id, state: { ...state, loginServer: `${String(inputs.registryName)}.azurecr.io` } };
    case 'azure-native:eventhub:Namespace':
      return { id, state: { ...state, serviceBusEndpoint: `https://${String(inputs.namespaceName)}.servicebus.windows.net:443/` } };
    case 'azure-native:iothub:IotHubResource':
      return {
        id,
        state: { ...state, properties: { ...(inputs.properties as object), hostName: `${String(inputs.resourceName)}.azure-devices.net` } },
      };
    case 'azure-native:applicationinsights:Component':
      return {
        id,
        state: {
          ...state,
          instrumentationKey: guid(`ikey ${name}`),
          connectionString: `InstrumentationKey=${guid(`ikey ${name}`)};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;LiveEndpoint=https://westeurope.livediagnostics.monitor.azure.com/`,
        },
      };
    case 'azure-native:monitor:AzureMonitorWorkspace':
      return {
        id,
        state: {
          ...state,
          accountId: guid(name),
          metrics: {
            internalId: 'm1',
            prometheusQueryEndpoint: `https://${String(inputs.azureMonitorWorkspaceName)}.westeurope.prometheus.monitor.azure.com`,
          },
          defaultIngestionSettings: {
            dataCollectionEndpointResourceId: managedId('dataCollectionEndpoints'),
            dataCollectionRuleResourceId: managedId('dataCollectionRules'),
          },
        },
      };
    case 'azuread:index/application:Application':
      return { id: `/applications/${guid(name)}`, state: { ...state, clientId: guid(`client ${name}`), objectId: guid(name) } };
    case 'azuread:index/servicePrincipal:ServicePrincipal':
      return { id, state: { ...state, objectId: guid(`principal ${name}`) } };
    case 'command:local:Command':
      return { id: guid(name), state: { ...inputs, stdout: commandAnswer(name, inputs), stderr: '' } };
    default:
      return { id, state };
  }
}

function commandAnswer(name: string, inputs: Record<string, unknown>): string {
  const environment = (inputs.environment ?? {}) as Record<string, string>;
  if (name.startsWith('image-'))
    return JSON.stringify({
      image: `${environment.REGISTRY_LOGIN_SERVER}/${environment.PROGRAM}@sha256:${createHash('sha256')
        .update(environment.CONTENT_HASH ?? '')
        .digest('hex')}`,
    } satisfies BuiltImage);
  if (name.startsWith('enrolment'))
    return JSON.stringify({
      certificatePem: testCertificate,
      thumbprintSha256: 'B'.repeat(64),
      thumbprintSha1: 'A'.repeat(40),
    } satisfies EnrolSiteAnswer<'certificate'>);
  if (name.endsWith('hand-over'))
    return JSON.stringify({
      secretUri: `${environment.VAULT_URI}secrets/${environment.SECRET_NAME}`,
      thumbprintSha256: 'B'.repeat(64),
    } satisfies EnrolSiteAnswer<'hand-over'>);
  return JSON.stringify({ deviceId: environment.DEVICE_ID ?? '', status: 'created' } satisfies RegisteredDevice);
}

/** Runs the unmodified program, or another one, on the SDK's mock monitor, and keeps what it registered with which options. In a preview no service answers: resources have their inputs only. */
export async function captureProgram(
  configuration: Readonly<Record<string, unknown>> = {},
  {
    preview = false,
    program = () => import('../../../index') as Promise<unknown>,
  }: { preview?: boolean; program?: () => Promise<unknown> } = {},
): Promise<Captured> {
  const registrations: Registration[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, custom }) => {
        const echoed = { id: '', state: inputs as Record<string, unknown> };
        const answered = custom === false || preview ? echoed : answer(type, name, inputs as Record<string, unknown>);
        registrations.push({ type, name, id: answered.id, inputs: inputs as Record<string, unknown>, custom: custom !== false });
        return answered;
      },
      call: ({ token }) => {
        const answered = functions[token];
        if (answered === undefined) throw new Error(`unexpected function ${token}`);
        return answered;
      },
    },
    'factory-loop',
    'dev',
    preview,
  );
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(configuration).map(([key, value]) => [
        `factory-loop:${key}`,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  );
  const options = new Map<string, Options>();
  const monitor = runtime.getMonitor() as unknown as { registerResource(request: RegisterRequest, ...rest: unknown[]): unknown };
  const original = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    options.set(`${request.getType()} ${request.getName()}`, {
      dependencies: request.getDependenciesList(),
      propertyDependencies: Object.fromEntries(
        [...request.getPropertydependenciesMap().entries()].map(([property, of]) => [property, of.getUrnsList()]),
      ),
      protect: request.getProtect(),
      retainOnDelete: request.getRetainondelete(),
      deletedWith: request.getDeletedwith(),
    });
    return original(request, ...rest);
  };
  const outputs = await pulumi.runtime.runInPulumiStack(program as () => Promise<Record<string, unknown>>);
  const resolved = preview
    ? {}
    : await new Promise<Record<string, unknown>>((resolve) =>
        pulumi.output(outputs ?? {}).apply((known) => resolve(known as Record<string, unknown>)),
      );
  await pulumi.runtime.disconnect();
  return { registrations, options, outputs: resolved };
}
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getDependenciesList(): string[];
  getPropertydependenciesMap(): { entries(): Iterable<[string, { getUrnsList(): string[] }]> };
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getDeletedwith(): string;
}

export const ofType = ({ registrations }: Captured, type: string) => registrations.filter((one) => one.type === type);
