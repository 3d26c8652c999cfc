import type { ContainerRegistry } from './containerRegistry';
import { RegistryError } from './registryError';
import type { RegionContext } from '../region/regionContext';
import { armId, partOfId } from '../region/armId';
import { checkInputs, inputAt } from '../region/checks';
import { ResourceError, type Properties, type ProviderPart, type ResourceType } from '../region/resourceType';

const apiVersion = '2025-11-01';
const armType = 'Microsoft.ContainerRegistry/registries';

export function containerRegistryTypes(context: Pick<RegionContext, 'openStore'>, registries: ContainerRegistry): ProviderPart {
  const declared = context.openStore<Properties>('provider/registries');
  const outputsOf = (id: string): Properties | undefined => {
    const inputs = declared.get(id.toLowerCase());
    const registry = registries.registry(id);
    if (!inputs || !registry) return undefined;
    return {
      dataEndpointEnabled: false,
      networkRuleBypassOptions: 'AzureServices',
      publicNetworkAccess: 'Enabled',
      zoneRedundancy: 'Disabled',
      ...inputs,
      sku: { tier: inputAt(inputs, 'sku.name'), ...(inputs['sku'] as Properties) },
      name: registry.name,
      loginServer: registry.loginServer,
      type: armType,
      azureApiVersion: apiVersion,
      creationDate: registry.createdAt,
      dataEndpointHostNames: [],
      privateEndpointConnections: [],
      provisioningState: 'Succeeded',
      status: { displayStatus: 'Ready', message: '', timestamp: registry.createdAt },
    };
  };
  const put = async (inputs: Properties): Promise<{ id: string; outputs: Properties }> => {
    const name = String(inputs['registryName']);
    const id = armId(String(inputs['resourceGroupName']), armType, name);
    try {
      await registries.putRegistry({
        id,
        name,
        armAudience: inputAt(inputs, 'policies.azureADAuthenticationAsArmPolicy.status') !== 'disabled',
      });
    } catch (error) {
      throw error instanceof RegistryError ? new ResourceError('AlreadyInUse', error.message) : error;
    }
    declared.set(id.toLowerCase(), inputs);
    return { id, outputs: outputsOf(id) ?? {} };
  };
  const registry: ResourceType = {
    token: 'azure-native:containerregistry:Registry',
    identifiedBy: ['resourceGroupName', 'registryName'],
    computed: [
      'name',
      'type',
      'azureApiVersion',
      'sku.tier',
      'loginServer',
      'creationDate',
      'dataEndpointHostNames',
      'privateEndpointConnections',
      'provisioningState',
      'status',
      'identity.principalId',
      'identity.tenantId',
    ],
    replaceOn: {
      resourceGroupName: partOfId,
      registryName: partOfId,
      location: 'Microsoft.ContainerRegistry: the location cannot be changed',
      zoneRedundancy: 'Microsoft.ContainerRegistry: set at creation only',
    },
    check: ({ inputs }) => ({
      inputs,
      failures: checkInputs(inputs, [
        { property: 'resourceGroupName', required: true, expected: 'the resource group of the registry' },
        { property: 'registryName', required: true, pattern: /^[a-zA-Z0-9]{5,50}$/, expected: '5 to 50 letters and digits' },
        { property: 'sku.name', required: true, allowed: ['Basic', 'Standard', 'Premium'], expected: 'Basic, Standard or Premium' },
        { property: 'adminUserEnabled', allowed: [false], expected: 'false: the local registry has no admin user' },
        { property: 'anonymousPullEnabled', allowed: [false], expected: 'false: nothing is public' },
      ]),
    }),
    create: async ({ inputs }) => put(inputs),
    read: async (id) => outputsOf(id),
    update: async (_id, { inputs }) => (await put(inputs)).outputs,
    async delete(id) {
      declared.delete(id.toLowerCase());
      await registries.deleteRegistry(id);
    },
  };
  return {
    resources: [registry],
    functions: [
      {
        token: 'azure-native:containerregistry:getRegistry',
        invoke: async (args) => {
          const id = armId(String(args['resourceGroupName']), armType, String(args['registryName']));
          const found = registries.registry(id);
          if (found === undefined) throw new ResourceError('ResourceNotFound', `The Resource '${id}' was not found.`);
          return { id, name: found.name, loginServer: found.loginServer, type: armType, adminUserEnabled: false };
        },
      },
    ],
  };
}
