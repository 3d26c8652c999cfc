import { at, keyOf, kinds, listAt, ofKind, unknownPlaceholder, variablesOf, type DeclaredResource } from '../declaredResource';
import { between, demanding, demandingInProduction, is, oneOf, present, type Demand, type Rule } from '../rule';

const pillar = 'security';
const empty = (kind: Demand['kind'], path: string): Demand => ({
  kind,
  path,
  expected: 'an empty list',
  holds: (value) => Array.isArray(value) && value.length === 0,
});
const text = (value: unknown) => (typeof value === 'string' ? value : '');
const listed = (value: unknown) => (Array.isArray(value) ? value : typeof value === 'object' && value !== null ? Object.keys(value) : []);
const someIdentity = (kind: Demand['kind'], path: string): Demand => ({
  kind,
  path,
  expected: 'an identity',
  holds: (value) => listed(value).length > 0,
});

const secretValue = /AccountKey=|SharedAccess|[?&]sig=|BEGIN [A-Z ]*PRIVATE KEY|password/i;
const secretName = /(CONNECTION_STRING|(?<!INSTRUMENTATION)_KEY|PASSWORD|_TOKEN|SECRET|SAS)$/;

const roleGuid = (resource: DeclaredResource) => text(resource.props['roleDefinitionId']).split('/').pop() ?? '';
const contributor = 'b24988ac-6180-42a0-ab88-20f7382dd24c';
/** Owner, User Access Administrator, Role Based Access Control Administrator. */
const rulers: Readonly<Record<string, string>> = {
  '8e3af657-a8ff-443c-a75c-2fe8c4bcb635': 'Owner',
  '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9': 'User Access Administrator',
  'f58310d9-a9f6-439a-9e8d-f62e7b41a168': 'Role Based Access Control Administrator',
};
const isOfWorkspace = ({ madeOf }: DeclaredResource) =>
  (madeOf['principalId'] ?? []).includes(`${kinds.UserAssignedIdentity} ml-workspace`);

export const securityRules: readonly Rule[] = [
  demanding(
    {
      name: 'entra-only',
      pillar,
      description: 'No service takes a shared key: Entra ID is the only way in.',
      reason: 'A key has no owner, no role and no end, and whoever reads it has everything.',
    },
    is('StorageAccount', 'allowSharedKeyAccess', false),
    is('StorageAccount', 'defaultToOAuthAuthentication', true),
    is('IotHub', 'properties.disableLocalAuth', true),
    is('IotHub', 'properties.disableDeviceSAS', true),
    is('IotHub', 'properties.disableModuleSAS', true),
    is('EventHubs', 'disableLocalAuth', true),
    is('ApplicationInsights', 'disableLocalAuth', true),
    is('LogAnalytics', 'features.disableLocalAuth', true),
    is('Registry', 'adminUserEnabled', false),
    is('Registry', 'anonymousPullEnabled', false),
    is('Registry', 'policies.azureADAuthenticationAsArmPolicy.status', 'enabled'),
    is('Compute', 'properties.disableLocalAuth', true),
    is('MachineLearning', 'systemDatastoresAuthMode', 'Identity'),
    is('Datastore', 'properties.credentials.credentialsType', 'None'),
  ),
  demanding(
    {
      name: 'nothing-anonymous',
      pillar,
      description: 'Nothing is readable without signing in, and no data leaves for another tenant.',
      reason: 'A public container is the commonest leak of all.',
    },
    is('StorageAccount', 'allowBlobPublicAccess', false),
    is('BlobContainer', 'publicAccess', 'None'),
    is('StorageAccount', 'allowCrossTenantReplication', false),
    is('StorageAccount', 'allowedCopyScope', 'AAD'),
    is('Compute', 'properties.properties.remoteLoginPortPublicAccess', 'Disabled'),
  ),
  demanding(
    {
      name: 'encrypted-on-the-way',
      pillar,
      description: 'TLS 1.2 at least, and nothing without it.',
      reason: 'What crosses the Internet edge must not be read or changed there.',
    },
    is('StorageAccount', 'enableHttpsTrafficOnly', true),
    is('StorageAccount', 'minimumTlsVersion', 'TLS1_2'),
    is('EventHubs', 'minimumTlsVersion', '1.2'),
  ),
  demanding(
    {
      name: 'managed-identities',
      pillar,
      description: 'What runs in Azure acts as a managed identity: programs, topics, routes, the workspace, the cluster.',
      reason: 'An identity that Azure keeps has no secret that anybody could lose.',
    },
    someIdentity('Job', 'identity.userAssignedIdentities'),
    someIdentity('ContainerApp', 'identity.userAssignedIdentities'),
    someIdentity('Compute', 'identity.userAssignedIdentities'),
    someIdentity('MachineLearning', 'identity.userAssignedIdentities'),
    present('MachineLearning', 'primaryUserAssignedIdentity', 'the identity of the workspace'),
    someIdentity('IotHub', 'identity.userAssignedIdentities'),
    is('IotHub', 'properties.routing.endpoints.eventHubs.0.authenticationType', 'identityBased'),
    is('SystemTopic', 'identity.type', 'SystemAssigned'),
    is('EventSubscription', 'deliveryWithResourceIdentity.identity.type', 'SystemAssigned'),
    is('EventSubscription', 'deadLetterWithResourceIdentity.identity.type', 'SystemAssigned'),
    present('Job', 'configuration.registries.0.identity', 'the identity that pulls the image'),
    present('ContainerApp', 'configuration.registries.0.identity', 'the identity that pulls the images'),
    present('Job', 'configuration.eventTriggerConfig.scale.rules.0.identity', "the identity that asks for the queue's length"),
  ),
  demanding(
    {
      name: 'vault-hardened',
      pillar,
      description: 'Vaults know roles only, keep what is deleted, and nobody can purge them early.',
      reason: 'Access policies are not least privilege, and a purged secret is gone.',
    },
    is('Vault', 'properties.enableRbacAuthorization', true),
    empty('Vault', 'properties.accessPolicies'),
    is('Vault', 'properties.enableSoftDelete', true),
    between('Vault', 'properties.softDeleteRetentionInDays', 7, 90),
    is('Vault', 'properties.enablePurgeProtection', true),
  ),
  demandingInProduction(
    {
      name: 'vault-kept-long',
      pillar,
      description: 'In production a deleted secret can be recovered for 90 days.',
      reason: 'A certificate is missed when it is next used, which may be weeks later.',
    },
    between('Vault', 'properties.softDeleteRetentionInDays', 90, 90),
  ),
  {
    name: 'vault-audited',
    pillar,
    description: 'Who read which secret is logged.',
    reason: 'An access that nobody sees cannot be questioned.',
    judgeStack: (resources) => {
      const audited = new Set(
        ofKind(resources, 'DiagnosticSetting')
          .filter(({ props }) =>
            listAt(props, 'logs').some(
              (log) => at(log, 'enabled') === true && ['audit', 'allLogs'].includes(text(at(log, 'categoryGroup'))),
            ),
          )
          .flatMap(({ madeOf }) => madeOf['resourceUri'] ?? []),
      );
      return ofKind(resources, 'Vault')
        .filter((vault) => !audited.has(keyOf(vault)))
        .map(({ name }) => `${name}: no diagnostic setting with its audit log`);
    },
  },
  {
    name: 'no-secret-in-settings',
    pillar,
    description: 'No program is given a key, a password, a connection string or a signed address; secrets are references to a vault.',
    reason: 'Settings are shown in the portal, in plans and in logs.',
    judge: (resource) =>
      resource.type !== kinds.Job && resource.type !== kinds.ContainerApp
        ? []
        : [
            ...variablesOf(resource)
              .filter(({ name, value }) => secretValue.test(text(value)) || secretName.test(name))
              .map(({ container, name }) => `${resource.name}: ${container} is given ${name}, which looks like a secret`),
            ...listAt(resource.props, 'configuration.secrets')
              .filter((secret) => text(at(secret, 'keyVaultUrl')) === '' || at(secret, 'value') !== undefined)
              .map((secret) => `${resource.name}: secret ${text(at(secret, 'name'))} is a value, expected keyVaultUrl`),
          ],
  },
  {
    name: 'least-privilege',
    pillar,
    description:
      'Nobody owns anything or hands out roles; Contributor only where Azure ML needs it itself; no role on a whole group or subscription.',
    reason: 'What a program cannot do, nobody can make it do.',
    judgeStack: (resources) =>
      ofKind(resources, 'RoleAssignment').flatMap((assignment) => [
        ...(roleGuid(assignment) in rulers ? [`${assignment.name}: gives ${rulers[roleGuid(assignment)] ?? ''}`] : []),
        ...(roleGuid(assignment) === contributor && !isOfWorkspace(assignment)
          ? [`${assignment.name}: gives Contributor to somebody else than the identity of the ML workspace`]
          : []),
        ...(roleGuid(assignment) === '' ? [`${assignment.name}: names no role`] : []),
        ...(assignment.props['scope'] !== unknownPlaceholder && !/\/providers\//.test(text(assignment.props['scope']))
          ? [`${assignment.name}: scope is ${text(assignment.props['scope']) || 'nothing'}, expected a single resource`]
          : []),
      ]),
  },
  demanding(
    {
      name: 'assignments-explained',
      pillar,
      description: 'Every role assignment says what kind of principal it is for and why it exists.',
      reason:
        'An unnamed kind is looked up in a directory that may not know a new identity yet; an assignment without a reason is never taken away.',
    },
    oneOf('RoleAssignment', 'principalType', 'ServicePrincipal', 'User', 'Group'),
    present('RoleAssignment', 'description', 'the reason'),
    present('RoleAssignment', 'roleAssignmentName', 'a name made of scope, principal and role'),
  ),
  {
    name: 'custom-roles-narrow',
    pillar,
    description: 'Own roles name single actions, none of them about roles and locks.',
    reason: 'A wildcard grows with every release of the service.',
    judge: (resource) =>
      resource.type !== kinds.RoleDefinition
        ? []
        : listAt(resource.props, 'permissions').length === 0
          ? [`${resource.name}: no permissions`]
          : listAt(resource.props, 'permissions').flatMap((permission) => {
              const actions = [...listAt(permission, 'actions'), ...listAt(permission, 'dataActions')].map(text);
              return actions.length === 0
                ? [`${resource.name}: no action`]
                : actions
                    .filter((action) => action.includes('*') || /^Microsoft\.Authorization\//i.test(action))
                    .map((action) => `${resource.name}: ${action}, expected a single action, not of Microsoft.Authorization`);
            }),
  },
  demanding(
    {
      name: 'certificate-signs-in',
      pillar,
      description: 'What runs outside Azure signs in with a certificate that ends, not with a shared secret.',
      reason: 'The private key stays on the site; only the public part is registered.',
    },
    is('ApplicationCertificate', 'type', 'AsymmetricX509Cert'),
    present('ApplicationCertificate', 'endDate', 'the end of the certificate'),
  ),
  demanding(
    {
      name: 'download-address-short',
      pillar,
      description: 'A download address is worth something for a day at most.',
      reason: 'It is a secret that travels in a message.',
    },
    between('DeliveryApp', 'env.SAS_LIFETIME_SECONDS', 60, 86_400),
  ),
];
