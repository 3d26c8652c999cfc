import { programs } from '../../../contracts/programs';
import { stackOutputs } from '../../../contracts/stackOutputs';
import { captureProgram, guid, managedId, ofType, type Captured, type Registration } from '../support/capturedProgram';
import { assignmentsOf, containersOf, dependenciesOf, roleName, type CapturedContainer } from '../support/capturedResources';

jest.mock('../../../components/programs/contentHashes', () => ({
  readContentHashes: () =>
    Object.fromEntries(
      Object.keys(jest.requireActual<{ programs: object }>('../../../contracts/programs').programs).map((name) => [
        name,
        Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64),
      ]),
    ),
}));

const reader = { principalId: guid('a reader'), principalType: 'ServicePrincipal' };
const writer = { principalId: guid('a writer'), principalType: 'User' };
let captured: Captured;
beforeAll(async () => {
  captured = await captureProgram({
    factory: 'plant-one',
    readers: [reader],
    rawWriters: [writer],
    cloud: { propagationSeconds: 2 },
    sourceCommit: 'abc',
  });
});

const assignments = () => assignmentsOf(captured);
const containers = () => containersOf(captured);
const dependencies = (of: Registration) => dependenciesOf(captured, of);

describe('the program', () => {
  it('exports exactly what readers of the loop were promised', () => {
    const parsed = stackOutputs.parse(captured.outputs);
    expect([
      parsed.evidenceConsumerGroup,
      containers()
        .find(({ name }) => name === 'delivery')
        ?.env.find(({ name }) => name === 'CONSUMER_GROUP')?.value,
    ]).toEqual(['evidence', 'delivery']);
    expect(parsed.eventHubsHost).toBe('evhns-plant-one-abc123.servicebus.windows.net');
    expect(parsed.jobs).toEqual({
      'data-pipeline': 'data-pipeline-abc123',
      'model-development': 'model-development-abc123',
      'validate-and-package': 'validate-and-package-abc123',
      'tag-and-deliver': 'tag-and-deliver-abc123',
    });
  });

  it('runs every program but train in a container, by digest, and train in an Azure ML environment', () => {
    const expected = Object.keys(programs)
      .filter((name) => name !== 'train')
      .flatMap((name) => (name === 'auth-proxy' ? ['auth-proxy-ingestion', 'auth-proxy-metrics'] : [name]));
    expect(
      containers()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(expected.sort());
    expect(containers().filter(({ image }) => !/@sha256:[0-9a-f]{64}$/.test(image))).toEqual([]);
    const [environment] = ofType(captured, 'azure-native:machinelearningservices:EnvironmentVersion');
    expect((environment?.inputs.properties as { image: string }).image).toMatch(/\/train@sha256:/);
  });

  it('gives programs no key, connection string or SAS', () => {
    // An instrumentation key only names a component: local authentication is off, so nothing is accepted without a token.
    const suspicious = containers().flatMap(({ name, env }) =>
      env
        .filter(
          (one) =>
            /(AccountKey|SharedAccess|sig=|InstrumentationKey|password|BEGIN .*PRIVATE)/i.test(one.value) ||
            /(CONNECTION_STRING|_KEY|PASSWORD|TOKEN|SAS)$/.test(one.name),
        )
        .filter(({ name: variable }) => variable !== 'INSTRUMENTATION_KEY')
        .map((one) => `${name} ${one.name}`),
    );
    expect(suspicious).toEqual([]);
    const values = [...ofType(captured, 'azure-native:app:Job'), ...ofType(captured, 'azure-native:app:ContainerApp')].flatMap(
      ({ inputs }) =>
        ((inputs.configuration as { secrets?: { value?: string }[] }).secrets ?? []).filter(({ value }) => value !== undefined),
    );
    expect(values).toEqual([]);
  });

  it('names the managed identity in the settings of every pipeline program and lets the site have none', () => {
    const withIdentity = containers()
      .filter(({ env }) => env.some(({ name, value }) => name === 'AZURE_TOKEN_CREDENTIALS' && value === 'ManagedIdentityCredential'))
      .map(({ name }) => name)
      .sort();
    expect(withIdentity).toEqual(['data-pipeline', 'delivery', 'model-development', 'tag-and-deliver', 'validate-and-package']);
    const [site] = ofType(captured, 'azure-native:app:ContainerApp').filter(({ name }) => name === 'edge-site');
    expect((site?.inputs.configuration as { identitySettings: unknown[] }).identitySettings).toEqual([
      { identity: expect.stringContaining('edge-site') as string, lifecycle: 'None' },
    ]);
  });
});

describe('the site', () => {
  it('starts whoever receives before whoever sends to it', () => {
    const [site] = ofType(captured, 'azure-native:app:ContainerApp').filter(({ name }) => name === 'edge-site');
    const order = (site?.inputs.template as { containers: CapturedContainer[] }).containers.map(({ name }) => name);
    expect(order[0]).toBe('databus');
    const path = [
      ['auth-proxy-ingestion', 'model-monitor', 'otel-collector', 'inference-server'],
      ['auth-proxy-metrics', 'model-monitor'],
      ['otel-collector', 'model-manager'],
      ['data-collector-hub', 'data-collector', 'production-line'],
    ];
    for (const hops of path)
      expect(hops.map((hop) => order.indexOf(hop))).toEqual([...hops.map((hop) => order.indexOf(hop))].sort((a, b) => a - b));
  });

  it('leads telemetry through two proxies, each to a host of Azure, with the certificate of the site', () => {
    const settingsOf = (container: string) =>
      Object.fromEntries((containers().find(({ name }) => name === container)?.env ?? []).map(({ name, value }) => [name, value]));
    const [ingestion, metrics, monitor] = [
      settingsOf('auth-proxy-ingestion'),
      settingsOf('auth-proxy-metrics'),
      settingsOf('model-monitor'),
    ];
    expect([ingestion.TARGET_HOST, metrics.TARGET_HOST]).toEqual([
      'westeurope-5.in.applicationinsights.azure.com',
      'metrics-ab12.westeurope-1.metrics.ingest.monitor.azure.com',
    ]);
    expect([ingestion.LISTENING_PORT, metrics.LISTENING_PORT]).toEqual([monitor.INGESTION_PROXY_PORT, monitor.METRICS_PROXY_PORT]);
    expect(ingestion).toMatchObject({
      AUDIENCE: 'https://monitor.azure.com/.default',
      AAD_CLIENT_ID: guid('client site'),
      AAD_CLIENT_CERTIFICATE_PATH: '/certificates/device-certificate.pem',
      AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com',
      DISABLE_INSTANCE_DISCOVERY: 'false',
    });
    expect(monitor).toMatchObject({
      REMOTE_WRITE_PATH:
        '/dataCollectionRules/dcr-0123456789abcdef0123456789abcdef/streams/Microsoft-PrometheusMetrics/api/v1/write?api-version=2023-04-24',
    });
    const publisher = assignments().filter(({ roleDefinitionId }) => roleName(roleDefinitionId) === 'Monitoring Metrics Publisher');
    expect(publisher.map(({ principalId }) => principalId)).toEqual(Array(2).fill(guid('principal site')));
    expect(publisher.map(({ scope }) => scope)).toContain(managedId('dataCollectionRules'));
  });
});

describe('role assignments', () => {
  it('have the right principal type, a reason and a name that no other has', () => {
    // The SDK fills in User where nothing is said, so "is set" would prove nothing.
    const people = [writer.principalId, guid('deployer')];
    expect(
      assignments().filter(
        ({ principalId, principalType }) => principalType !== (people.includes(principalId) ? 'User' : 'ServicePrincipal'),
      ),
    ).toEqual([]);
    expect(assignments().filter(({ description }) => !description)).toEqual([]);
    const names = assignments().map(({ roleAssignmentName }) => roleAssignmentName);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(name))).toEqual([]);
  });

  it('give nobody Owner, and Contributor only to the identity of the ML workspace, on single resources', () => {
    const broad = assignments().filter(({ roleDefinitionId }) =>
      ['Owner', 'Contributor', 'User Access Administrator'].includes(roleName(roleDefinitionId)),
    );
    expect(broad.filter(({ principalId }) => principalId !== guid('principal ml-workspace'))).toEqual([]);
    expect(assignments().filter(({ scope }) => !/\/providers\//.test(scope))).toEqual([]);
  });

  it('let each program reach its own queue only, and no job change or send messages there', () => {
    const onQueues = assignments().filter(({ scope }) => scope.includes('/queues/'));
    const [identity] = ofType(captured, 'azure-native:managedidentity:UserAssignedIdentity').filter(({ name }) => name === 'data-pipeline');
    const own = onQueues.filter(({ principalId }) => principalId === guid(`principal ${identity?.name ?? ''}`));
    expect(own.map(({ scope, roleDefinitionId }) => `${scope.split('/').pop() ?? ''} ${roleName(roleDefinitionId)}`).sort()).toEqual([
      'data-pipeline Storage Queue Data Message Processor',
      'data-pipeline Storage Queue Data Reader',
    ]);
  });

  it('let a reader write nothing', () => {
    const names = assignments()
      .filter(({ principalId }) => principalId === reader.principalId)
      .map(({ roleDefinitionId }) => roleName(roleDefinitionId));
    expect(new Set(names)).toEqual(
      new Set([
        'Storage Blob Data Reader',
        'Reader',
        'AcrPull',
        'Azure Event Hubs Data Receiver',
        'Monitoring Reader',
        'Monitoring Data Reader',
      ]),
    );
  });

  it('exist before what needs them', () => {
    const inForce = [...captured.options.keys()].filter((key) => key.startsWith('command:local:Command') && key.endsWith('-in-force'));
    expect(inForce).toHaveLength(5);
    const dependOnRoles = (type: string) =>
      ofType(captured, type).map((one) => ({
        name: one.name,
        waits:
          dependencies(one).some((urn) => urn.includes('authorization:RoleAssignment')) &&
          dependencies(one).some((urn) => urn.endsWith('-in-force')),
      }));
    for (const type of [
      'azure-native:eventgrid:SystemTopicEventSubscription',
      'azure-native:app:Job',
      'azure-native:app:ContainerApp',
      'azure-native:iothub:IotHubResource',
      'azure-native:machinelearningservices:Workspace',
      'azure-native:machinelearningservices:Compute',
      'azure-native:machinelearningservices:Datastore',
    ]) {
      expect(dependOnRoles(type).filter(({ waits }) => !waits)).toEqual([]);
    }
    const device = ofType(captured, 'command:local:Command').filter(({ name }) => name === 'model-manager-device' || name === 'enrolment');
    expect(device.filter((one) => !dependencies(one).some((urn) => urn.includes('authorization:RoleAssignment')))).toEqual([]);
  });
});

describe('the device', () => {
  it('outlives its certificates: other thumbprints are an update', () => {
    const [command] = ofType(captured, 'command:local:Command').filter(({ name }) => name === 'model-manager-device');
    expect(command?.inputs).toMatchObject({
      update: expect.stringContaining('update') as string,
      environment: { PRIMARY_THUMBPRINT: expect.stringMatching(/^[0-9A-F]{64}$/) as string },
    });
    expect(command?.inputs).not.toHaveProperty('triggers');
  });
});

describe('keys and doors', () => {
  it('are closed on every service that has them', () => {
    const inputsOf = (type: string) => ofType(captured, type).map(({ inputs }) => inputs);
    expect(
      inputsOf('azure-native:storage:StorageAccount').map(({ allowSharedKeyAccess, allowBlobPublicAccess, minimumTlsVersion }) => [
        allowSharedKeyAccess,
        allowBlobPublicAccess,
        minimumTlsVersion,
      ]),
    ).toEqual(Array(3).fill([false, false, 'TLS1_2']));
    expect(inputsOf('azure-native:iothub:IotHubResource')[0]?.properties).toMatchObject({
      disableLocalAuth: true,
      disableDeviceSAS: true,
      disableModuleSAS: true,
    });
    expect(inputsOf('azure-native:eventhub:Namespace')[0]).toMatchObject({ disableLocalAuth: true, minimumTlsVersion: '1.2' });
    expect(inputsOf('azure-native:containerregistry:Registry')[0]).toMatchObject({
      adminUserEnabled: false,
      policies: { azureADAuthenticationAsArmPolicy: { status: 'enabled' } },
    });
    expect(inputsOf('azure-native:applicationinsights:Component')[0]).toMatchObject({ disableLocalAuth: true });
    expect(inputsOf('azure-native:operationalinsights:Workspace')[0]).toMatchObject({ features: { disableLocalAuth: true } });
    expect(inputsOf('azure-native:machinelearningservices:Workspace')[0]).toMatchObject({ systemDatastoresAuthMode: 'Identity' });
    expect(inputsOf('azure-native:resources:Resource').map(({ apiVersion }) => apiVersion)).toEqual(['2026-02-01', '2026-02-01']);
    expect(inputsOf('azure-native:resources:Resource').map(({ properties }) => properties)).toEqual(
      Array(2).fill(expect.objectContaining({ enableRbacAuthorization: true, enablePurgeProtection: true })),
    );
  });

  it('leave the hub one way out: the event hub, by identity', () => {
    const [hub] = ofType(captured, 'azure-native:iothub:IotHubResource');
    expect((hub?.inputs.properties as { routing: unknown }).routing).toMatchObject({
      endpoints: {
        eventHubs: [
          {
            authenticationType: 'identityBased',
            endpointUri: 'sb://evhns-plant-one-abc123.servicebus.windows.net',
            entityPath: 'device-messages',
          },
        ],
      },
      routes: [{ source: 'DeviceMessages', isEnabled: true }],
      fallbackRoute: { isEnabled: false },
    });
  });
});

describe('triggers', () => {
  it('watch one container or one model each, so that no program starts itself', () => {
    const filters = ofType(captured, 'azure-native:eventgrid:SystemTopicEventSubscription').map(({ name, inputs }) => ({
      name,
      ...(inputs.filter as { subjectBeginsWith: string; subjectEndsWith?: string }),
    }));
    expect(filters.map(({ name, subjectBeginsWith, subjectEndsWith }) => [name, subjectBeginsWith, subjectEndsWith]).sort()).toEqual([
      ['inference-data-created', '/blobServices/default/containers/landing-zone/blobs/', '.manifest.json'],
      ['manifest-created', '/blobServices/default/containers/processed/blobs/', '/manifest.json'],
      ['model-registered', 'models/plant-one-line:', undefined],
      ['package-created', '/blobServices/default/containers/packaged-models/blobs/', '.sha256'],
      ['raw-file-created', '/blobServices/default/containers/raw/blobs/', undefined],
      ['smoke-model-registered', 'models/plant-one-smoke:', undefined],
    ]);
  });

  it("have a queue and a place for what cannot be delivered, both reached with the topic's identity", () => {
    for (const { inputs } of ofType(captured, 'azure-native:eventgrid:SystemTopicEventSubscription')) {
      expect(inputs.deliveryWithResourceIdentity).toMatchObject({
        identity: { type: 'SystemAssigned' },
        destination: { endpointType: 'StorageQueue', queueName: expect.stringMatching(/^[a-z-]+$/) as string },
      });
      expect(inputs.deadLetterWithResourceIdentity).toMatchObject({
        identity: { type: 'SystemAssigned' },
        deadLetterDestination: { blobContainerName: 'dead-letters' },
      });
    }
  });
});
