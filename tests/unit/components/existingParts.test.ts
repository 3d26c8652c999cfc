import { programs } from '../../../contracts/programs';
import { captureProgram, guid, ofType, testCertificate, type Captured } from '../support/capturedProgram';

const shared = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/shared/providers';
const workspace = `${shared}/Microsoft.OperationalInsights/workspaces/logs`;
const registry = `${shared}/Microsoft.ContainerRegistry/registries/shared`;
const clientId = '33333333-3333-4333-8333-333333333333';
const prebuiltImages = Object.fromEntries(
  Object.keys(programs).map((program) => [program, `shared.azurecr.io/${program}@sha256:${'a'.repeat(64)}`]),
);
let captured: Captured;
beforeAll(async () => {
  captured = await captureProgram({
    profile: 'production',
    siteCertificates: [testCertificate],
    imageSource: 'prebuilt',
    prebuiltImages,
    logAnalyticsWorkspace: { existing: workspace },
    containerRegistry: { existing: registry },
    servicePrincipal: { existing: clientId },
  });
});
const inputsOf = (type: string) => ofType(captured, type).map(({ inputs }) => inputs);

describe('a stack that uses what is there already', () => {
  it('makes no workspace, registry or service principal, and changes none', () => {
    const untouched = [
      'azure-native:operationalinsights:Workspace',
      'azure-native:resources:Deployment',
      'azure-native:containerregistry:Registry',
      'azuread:index/application:Application',
      'azuread:index/servicePrincipal:ServicePrincipal',
      'azuread:index/applicationCertificate:ApplicationCertificate',
    ];
    expect(untouched.flatMap((type) => ofType(captured, type))).toEqual([]);
    expect(inputsOf('azure-native:authorization:ManagementLockByScope').map(({ scope }) => scope)).not.toContain(registry);
    expect(inputsOf('azure-native:monitor:DiagnosticSetting').map(({ resourceUri }) => resourceUri)).not.toContain(registry);
  });

  it('sends all its logs there', () => {
    expect(new Set(inputsOf('azure-native:monitor:DiagnosticSetting').map(({ workspaceId }) => workspaceId))).toEqual(new Set([workspace]));
    expect(inputsOf('azure-native:applicationinsights:Component')[0]).toMatchObject({ workspaceResourceId: workspace });
    expect(new Set(inputsOf('azure-native:monitor:ScheduledQueryRule').flatMap(({ scopes }) => scopes as string[]))).toEqual(
      new Set([workspace]),
    );
  });

  it('may let smoke tests clear up in the group of that registry, and assigns no other role of its own there', () => {
    const groups = inputsOf('azure-native:authorization:RoleDefinition').map(({ roleName, assignableScopes }) => [
      String(roleName).includes('smoke'),
      (assignableScopes as string[]).includes(shared.replace('/providers', '')),
    ]);
    expect(groups.filter(([smoke, there]) => smoke !== there)).toEqual([]);
    expect(groups.filter(([smoke]) => smoke)).toHaveLength(1);
  });

  it('pulls and pushes there, and lets the site be who it is', () => {
    const roles = inputsOf('azure-native:authorization:RoleAssignment');
    expect(roles.filter(({ scope }) => scope === registry).length).toBeGreaterThan(5);
    expect(roles.filter(({ principalId }) => principalId === guid('an existing principal')).length).toBe(3);
    expect(captured.outputs).toMatchObject({ registryLoginServer: 'shared.azurecr.io', siteClientId: clientId });
  });
});
