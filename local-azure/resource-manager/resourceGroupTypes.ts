import type { Properties, ProviderPart, ResourceType } from '../region/resourceType';
import { subscriptionId, type RegionContext } from '../region/regionContext';
import { checkInputs } from '../region/checks';

const apiVersion = '2025-04-01';

export function resourceGroupTypes(context: Pick<RegionContext, 'openStore'>): ProviderPart {
  const groups = context.openStore<Properties>('provider/resource-groups');
  const put = (inputs: Properties): { id: string; outputs: Properties } => {
    const name = String(inputs['resourceGroupName']);
    const id = `/subscriptions/${subscriptionId}/resourceGroups/${name}`;
    const outputs = {
      ...inputs,
      name,
      type: 'Microsoft.Resources/resourceGroups',
      properties: { provisioningState: 'Succeeded' },
      azureApiVersion: apiVersion,
    };
    groups.set(id.toLowerCase(), outputs);
    return { id, outputs };
  };
  const resourceGroup: ResourceType = {
    token: 'azure-native:resources:ResourceGroup',
    identifiedBy: ['resourceGroupName'],
    computed: ['name', 'type', 'properties', 'azureApiVersion'],
    replaceOn: {
      resourceGroupName: 'Resource Manager: a resource group cannot be renamed',
      location: 'azure-native, provider/pkg/gen/replacement.go',
    },
    check: ({ inputs }) => ({
      inputs,
      failures: checkInputs(inputs, [
        {
          property: 'resourceGroupName',
          required: true,
          pattern: /^[-\w.()]{0,89}[-\w()]$/,
          expected: 'a name of 1 to 90 letters, digits, -, _, ( ) and ., not ending in a full stop',
        },
        { property: 'location', required: true, pattern: /^[A-Za-z0-9 ]+$/, expected: 'an Azure location such as westeurope' },
      ]),
    }),
    create: async ({ inputs }) => put(inputs),
    read: async (id) => groups.get(id.toLowerCase()),
    update: async (_id, { inputs }) => put(inputs).outputs,
    delete: async (id) => void groups.delete(id.toLowerCase()),
  };
  return { resources: [resourceGroup], functions: [] };
}
