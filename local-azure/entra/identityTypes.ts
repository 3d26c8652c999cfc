import type { Entra } from './entra';
import { ApplicationError } from './applications';
import { tenantId, type RegionContext } from '../region/regionContext';
import { armId, partOfId } from '../region/armId';
import { checkInputs } from '../region/checks';
import { storedType } from '../region/storedType';
import { ResourceError, type Properties, type ProviderPart, type ResourceType } from '../region/resourceType';

const apiVersion = '2024-11-30';
const systemData = (now: Date) => ({ createdAt: now.toISOString(), createdByType: 'Application' });

function userAssignedIdentity(context: RegionContext, entra: Entra): ResourceType {
  const declared = context.openStore<Properties>('provider/user-assigned-identities');
  const put = (inputs: Properties) => {
    const name = String(inputs['resourceName']);
    const id = armId(String(inputs['resourceGroupName']), 'Microsoft.ManagedIdentity/userAssignedIdentities', name);
    const principal = entra.managedIdentity(id, name);
    return {
      id,
      outputs: {
        ...inputs,
        name,
        type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
        principalId: principal.objectId,
        clientId: principal.clientId,
        tenantId,
        azureApiVersion: apiVersion,
        systemData: declared.get(id.toLowerCase())?.['systemData'] ?? systemData(context.clock.now()),
      },
    };
  };
  return storedType(
    {
      token: 'azure-native:managedidentity:UserAssignedIdentity',
      identifiedBy: ['resourceGroupName', 'resourceName'],
      computed: ['name', 'type', 'azureApiVersion', 'principalId', 'clientId', 'tenantId', 'systemData'],
      replaceOn: {
        resourceGroupName: partOfId,
        resourceName: partOfId,
        location: 'Microsoft.ManagedIdentity: the location cannot be changed',
      },
      failures: (inputs) =>
        checkInputs(inputs, [
          { property: 'resourceGroupName', required: true, expected: 'the resource group of the identity' },
          {
            property: 'resourceName',
            required: true,
            pattern: /^[A-Za-z0-9][\w-]{2,127}$/,
            expected: '3 to 128 letters, digits, - and _, beginning with a letter or digit',
          },
        ]),
      put,
      live: (id, answered) => (entra.find({ resourceId: id }) ? answered : undefined),
      remove: (id) => entra.remove(id),
    },
    declared,
  );
}

const objectIdOf = (id: string) => id.split('/')[2] ?? id;

/** Runs a call on the directory; what Microsoft Graph would refuse becomes a resource error. */
function inDirectory<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof ApplicationError ? new ResourceError(error.code, error.message) : error;
  }
}

/** Applications are told apart by their Pulumi resource, because display names need not be unique. */
function application(context: RegionContext, entra: Entra): ResourceType {
  const byUrn = context.openStore<string>('provider/application-urns');
  const declared = context.openStore<Properties>('provider/applications');
  const put = (inputs: Properties, objectId?: string): { id: string; outputs: Properties } => {
    const registered = entra.applications.register(String(inputs['displayName']), objectId);
    const id = `/applications/${registered.objectId}`;
    const outputs = {
      ...inputs,
      clientId: registered.clientId,
      objectId: registered.objectId,
      displayName: registered.displayName,
      signInAudience: inputs['signInAudience'] ?? 'AzureADMyOrg',
      publisherDomain: 'local.region',
      disabledByMicrosoft: '',
      appRoleIds: {},
      oauth2PermissionScopeIds: {},
      featureTags: [],
      logoUrl: '',
      tags: inputs['tags'] ?? [],
      owners: inputs['owners'] ?? [],
    };
    declared.set(id, outputs);
    return { id, outputs };
  };
  return {
    token: 'azuread:index/application:Application',
    computed: ['clientId', 'objectId', 'publisherDomain', 'disabledByMicrosoft', 'appRoleIds', 'oauth2PermissionScopeIds', 'logoUrl'],
    replaceOn: { templateId: 'azuread: the template is applied at creation only' },
    check: ({ inputs }) => ({
      inputs,
      failures: checkInputs(inputs, [
        { property: 'displayName', required: true, pattern: /^.{1,120}$/s, expected: 'a display name of 1 to 120 characters' },
      ]),
    }),
    async create({ inputs, urn }) {
      const created = put(inputs, byUrn.get(urn));
      byUrn.set(urn, objectIdOf(created.id));
      return created;
    },
    read: async (id) => {
      const registered = entra.applications.application(objectIdOf(id));
      const outputs = declared.get(id);
      return registered && outputs ? { ...outputs, displayName: registered.displayName } : undefined;
    },
    update: async (id, { inputs }) => put(inputs, objectIdOf(id)).outputs,
    async delete(id) {
      for (const [urn, objectId] of [...byUrn.entries()]) if (objectId === objectIdOf(id)) byUrn.delete(urn);
      declared.delete(id);
      entra.applications.unregister(objectIdOf(id));
    },
  };
}

function servicePrincipal(context: RegionContext, entra: Entra): ResourceType {
  const put = (inputs: Properties) => {
    const principal = inDirectory(() => entra.applications.addServicePrincipal(String(inputs['clientId'])));
    const id = `/servicePrincipals/${principal.objectId}`;
    return {
      id,
      outputs: {
        ...inputs,
        objectId: principal.objectId,
        clientId: principal.clientId,
        displayName: principal.displayName,
        applicationTenantId: tenantId,
        type: 'Application',
        servicePrincipalNames: [principal.clientId],
        signInAudience: 'AzureADMyOrg',
        accountEnabled: inputs['accountEnabled'] ?? true,
        appRoleAssignmentRequired: inputs['appRoleAssignmentRequired'] ?? false,
        appRoleIds: {},
        appRoles: [],
        oauth2PermissionScopeIds: {},
        oauth2PermissionScopes: [],
        featureTags: [],
        features: [],
        homepageUrl: '',
        logoutUrl: '',
        redirectUris: [],
        samlMetadataUrl: '',
        tags: inputs['tags'] ?? [],
        owners: inputs['owners'] ?? [],
      },
    };
  };
  return storedType(
    {
      token: 'azuread:index/servicePrincipal:ServicePrincipal',
      computed: [
        'objectId',
        'displayName',
        'applicationTenantId',
        'type',
        'servicePrincipalNames',
        'signInAudience',
        'appRoleIds',
        'appRoles',
        'oauth2PermissionScopeIds',
        'oauth2PermissionScopes',
        'homepageUrl',
        'logoutUrl',
        'redirectUris',
        'samlMetadataUrl',
      ],
      replaceOn: { clientId: 'azuread: a service principal belongs to one application' },
      failures: (inputs) =>
        checkInputs(inputs, [
          { property: 'clientId', required: true, pattern: /^[0-9a-f-]{36}$/i, expected: 'the client id (UUID) of an application' },
        ]),
      put,
      live: (id, answered) => (entra.find({ objectId: objectIdOf(id) }) ? answered : undefined),
      remove: (id) => entra.applications.removeServicePrincipal(objectIdOf(id)),
    },
    context.openStore<Properties>('provider/service-principals'),
  );
}

function applicationCertificate(context: RegionContext, entra: Entra): ResourceType {
  const pemOf = (inputs: Properties): string => {
    const value = String(inputs['value']);
    if (inputs['encoding'] === 'base64') return `-----BEGIN CERTIFICATE-----\n${value}\n-----END CERTIFICATE-----\n`;
    if (inputs['encoding'] === 'hex')
      return `-----BEGIN CERTIFICATE-----\n${Buffer.from(value, 'hex').toString('base64')}\n-----END CERTIFICATE-----\n`;
    return value;
  };
  const put = (inputs: Properties) => {
    const objectId = objectIdOf(String(inputs['applicationId']));
    const text = (property: string) => (typeof inputs[property] === 'string' ? { [property]: inputs[property] } : {});
    const added = inDirectory(() =>
      entra.applications.addCertificate(objectId, pemOf(inputs), { ...text('keyId'), ...text('startDate'), ...text('endDate') }),
    );
    const id = `${objectId}/certificate/${added.keyId}`;
    return { id, outputs: { ...inputs, keyId: added.keyId, startDate: added.startDate, endDate: added.endDate } };
  };
  return storedType(
    {
      token: 'azuread:index/applicationCertificate:ApplicationCertificate',
      computed: ['keyId', 'startDate'],
      replaceOn: Object.fromEntries(
        ['applicationId', 'encoding', 'endDate', 'endDateRelative', 'keyId', 'startDate', 'type', 'value'].map((input) => [
          input,
          'azuread: a key credential cannot be changed',
        ]),
      ),
      failures: (inputs) =>
        checkInputs(inputs, [
          {
            property: 'applicationId',
            required: true,
            pattern: /^\/applications\/[0-9a-f-]{36}$/i,
            expected: 'the id of an application (/applications/<object id>)',
          },
          { property: 'value', required: true, expected: 'the public certificate' },
          { property: 'encoding', allowed: ['pem', 'base64', 'hex'], expected: 'pem, base64 or hex' },
          { property: 'type', allowed: ['AsymmetricX509Cert', 'Symmetric'], expected: 'AsymmetricX509Cert' },
          { property: 'endDateRelative', allowed: [], expected: 'endDate instead (endDateRelative is deprecated)' },
        ]),
      put,
      live: (id, answered) => {
        const [objectId = '', , keyId = ''] = id.split('/');
        return entra.applications.application(objectId)?.certificates.some((certificate) => certificate.keyId === keyId)
          ? answered
          : undefined;
      },
      remove: (id) => {
        const [objectId = '', , keyId = ''] = id.split('/');
        entra.applications.removeCertificate(objectId, keyId);
      },
    },
    context.openStore<Properties>('provider/application-certificates'),
  );
}

/** Managed identities and the tenant's applications with their certificates. */
export const identityTypes = (context: RegionContext, entra: Entra): ProviderPart => ({
  resources: [
    userAssignedIdentity(context, entra),
    application(context, entra),
    servicePrincipal(context, entra),
    applicationCertificate(context, entra),
  ],
  functions: [
    {
      token: 'azuread:index/getServicePrincipal:getServicePrincipal',
      invoke: async (args) => {
        const clientId = String(args['clientId']);
        const found = entra.find({ clientId });
        if (found === undefined)
          throw new ResourceError('Request_ResourceNotFound', `no service principal with the client id ${clientId} is in the directory.`);
        return { id: found.objectId, clientId, objectId: found.objectId, displayName: found.displayName, type: 'Application' };
      },
    },
  ],
});
