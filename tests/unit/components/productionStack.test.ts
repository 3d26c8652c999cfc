import { programs } from '../../../contracts/programs';
import { armReport, itWithSchemas } from '../support/armReport';
import { captureProgram, ofType, testCertificate, type Captured, type Registration } from '../support/capturedProgram';

const prebuiltImages = Object.fromEntries(
  Object.keys(programs).map((program) => [program, `plant.azurecr.io/${program}@sha256:${'a'.repeat(64)}`]),
);
const operator = 'operator@example.com';
let captured: Captured;
beforeAll(async () => {
  captured = await captureProgram({
    profile: 'production',
    siteCertificates: [testCertificate],
    imageSource: 'prebuilt',
    prebuiltImages,
    costCentre: '4711',
    alerts: { emails: [operator] },
  });
});
const inputsOf = (type: string) => ofType(captured, type).map(({ inputs }) => inputs);
interface Templated {
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
}
const templated = (deployment: Registration | undefined) =>
  (deployment?.inputs.properties as { template: { resources: Templated[] } } | undefined)?.template.resources ?? [];
const withLogs = [
  'azure-native:resources:Resource',
  'azure-native:containerregistry:Registry',
  'azure-native:operationalinsights:Workspace',
  'azure-native:machinelearningservices:Workspace',
  'azure-native:iothub:IotHubResource',
  'azure-native:eventhub:Namespace',
  'azure-native:eventgrid:SystemTopic',
  'azure-native:app:ManagedEnvironment',
];

describe('a production stack', () => {
  itWithSchemas('has no error and no retiring API version by the schemas of Azure Resource Manager', () => {
    const report = armReport(captured);
    expect(report).toMatch(/ 0 errors, /);
    expect(report).not.toContain('api-retiring');
  });

  it('sends the logs of everything that has logs to Log Analytics', () => {
    const logged = inputsOf('azure-native:monitor:DiagnosticSetting').map(({ resourceUri }) => String(resourceUri));
    const ids = withLogs.flatMap((type) => ofType(captured, type).map(({ id }) => id));
    const services = ofType(captured, 'azure-native:storage:StorageAccount').map(({ id }) => `${id}/blobServices/default`);
    const [data] = ofType(captured, 'azure-native:storage:StorageAccount').filter(({ name }) => name === 'data');
    expect([...logged].sort()).toEqual([...ids, ...services, `${String(data?.id)}/queueServices/default`].sort());
    expect(inputsOf('azure-native:monitor:DiagnosticSetting').map(({ logs }) => logs)).toEqual(
      logged.map(() => [{ categoryGroup: 'allLogs', enabled: true }]),
    );
  });

  it('keeps data in three zones and two regions, in versions, and lets none of it go by itself but copies and old versions', () => {
    expect(inputsOf('azure-native:storage:StorageAccount').map(({ sku }) => sku)).toEqual(Array(3).fill({ name: 'Standard_GZRS' }));
    expect(inputsOf('azure-native:storage:BlobServiceProperties')).toEqual(
      Array(3).fill(expect.objectContaining({ isVersioningEnabled: true, deleteRetentionPolicy: { enabled: true, days: 30 } })),
    );
    const rules = inputsOf('azure-native:storage:ManagementPolicy').flatMap(
      ({ policy }) => (policy as { rules: { name: string; definition: { actions: { baseBlob?: { delete?: unknown } } } }[] }).rules,
    );
    expect(
      rules
        .filter(({ definition }) => definition.actions.baseBlob?.delete !== undefined)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['dead-letters', 'processed', 'quarantine']);
    expect(rules.filter(({ name }) => name === 'old-versions')).toHaveLength(3);
  });

  it('is zone-redundant where the service offers it without a network of its own', () => {
    expect(inputsOf('azure-native:containerregistry:Registry')[0]).toMatchObject({
      sku: { name: 'Premium' },
      zoneRedundancy: 'Enabled',
      policies: { retentionPolicy: { status: 'enabled', days: 30 } },
    });
    expect(inputsOf('azure-native:eventhub:Namespace')[0]).toMatchObject({ zoneRedundant: true });
  });

  it('locks what holds data once everything below it is there, in Azure and in Pulumi', () => {
    const locks = ofType(captured, 'azure-native:authorization:ManagementLockByScope');
    const held = [
      'azure-native:storage:StorageAccount',
      'azure-native:resources:Resource',
      'azure-native:containerregistry:Registry',
    ].flatMap((type) => ofType(captured, type));
    expect(locks.map(({ inputs }) => inputs.scope).sort()).toEqual(held.map(({ id }) => id).sort());
    expect(held.filter(({ type, name }) => captured.options.get(`${type} ${name}`)?.protect !== true)).toEqual([]);
    const later = (lock: string) => captured.options.get(`azure-native:authorization:ManagementLockByScope ${lock}`)?.dependencies ?? [];
    for (const { name } of locks) expect(later(name).filter((urn) => urn.includes('RoleAssignment')).length).toBeGreaterThan(40);
  });
});

describe('a production stack in operation', () => {
  it('tells the operator, and tells whoever pays at 80 and 100 percent', () => {
    const groups = ofType(captured, 'azure-native:monitor:ActionGroup');
    expect(
      groups.map(({ inputs }) => (inputs.emailReceivers as { emailAddress: string }[]).map(({ emailAddress }) => emailAddress)),
    ).toEqual([[operator], [operator]]);
    const called = [
      ...inputsOf('azure-native:monitor:ScheduledQueryRule').flatMap(({ actions }) => (actions as { actionGroups: string[] }).actionGroups),
      ...inputsOf('azure-native:monitor:MetricAlert').flatMap(({ actions }) =>
        (actions as { actionGroupId: string }[]).map(({ actionGroupId }) => actionGroupId),
      ),
    ];
    expect(new Set(called)).toEqual(new Set(groups.map(({ id }) => id)));
    const [budget] = inputsOf('azure-native:consumption:Budget');
    expect(budget).toMatchObject({
      scope: ofType(captured, 'azure-native:resources:ResourceGroup')[0]?.id,
      amount: 1_000,
      notifications: { 'at-80-percent': { threshold: 80, contactEmails: [operator] }, 'at-100-percent': { threshold: 100 } },
    });
    expect((budget?.timePeriod as { startDate: string }).startDate).toMatch(/^\d{4}-\d\d-01T00:00:00Z$/);
  });

  it('keeps each log table for its own time, on its own plan', () => {
    const [deployment] = ofType(captured, 'azure-native:resources:Deployment');
    expect(deployment?.inputs).toMatchObject({ properties: { mode: 'Incremental' } });
    const tables = Object.fromEntries(
      templated(deployment).map(({ name, properties: { plan, retentionInDays, totalRetentionInDays } }) => [
        /\/(\w+)/.exec(name)?.[1],
        [plan, retentionInDays, totalRetentionInDays],
      ]),
    );
    expect(tables).toMatchObject({
      StorageBlobLogs: ['Basic', undefined, 180],
      AZKVAuditLogs: ['Analytics', 90, 730],
      ContainerAppConsoleLogs: ['Analytics', 90, 365],
    });
    expect(inputsOf('azure-native:operationalinsights:Workspace')[0]).toMatchObject({
      retentionInDays: 90,
      workspaceCapping: { dailyQuotaGb: 10 },
    });
  });

  it('says on every resource that can have tags what it is for', () => {
    const tagged = captured.registrations.filter(({ inputs }) => inputs.tags !== undefined);
    expect(
      tagged.filter(
        ({ inputs }) =>
          !(['factory', 'environment', 'cost-centre', 'product', 'stack'] as const).every(
            (tag) => (inputs.tags as Record<string, string>)[tag] !== undefined,
          ),
      ),
    ).toEqual([]);
    const types = [
      'storage:StorageAccount',
      'containerregistry:Registry',
      'iothub:IotHubResource',
      'eventhub:Namespace',
      'machinelearningservices:Workspace',
      'machinelearningservices:Compute',
      'app:Job',
      'app:ContainerApp',
      'app:ManagedEnvironment',
      'monitor:ActionGroup',
      'monitor:MetricAlert',
      'monitor:ScheduledQueryRule',
      'applicationinsights:Workbook',
      'applicationinsights:Component',
      'operationalinsights:Workspace',
      'monitor:AzureMonitorWorkspace',
      'eventgrid:SystemTopic',
      'managedidentity:UserAssignedIdentity',
      'resources:ResourceGroup',
      'resources:Resource',
    ];
    for (const type of types)
      expect(ofType(captured, `azure-native:${type}`).filter(({ inputs }) => inputs.tags === undefined)).toEqual([]);
  });

  it('trains on a cluster that goes down to nothing, and never on a compute instance', () => {
    const computes = inputsOf('azure-native:machinelearningservices:Compute').map(
      ({ properties }) => properties as { computeType: string; properties: { scaleSettings: unknown } },
    );
    expect(computes.map(({ computeType }) => computeType)).toEqual(['AmlCompute']);
    expect(computes[0]?.properties.scaleSettings).toEqual({ minNodeCount: 0, maxNodeCount: 2, nodeIdleTimeBeforeScaleDown: 'PT600S' });
  });
});
