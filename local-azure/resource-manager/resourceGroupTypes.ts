import type { Properties, ProviderPart } from '../region/resourceType';
import { subscriptionId, type RegionContext } from '../region/regionContext';
import { checkInputs } from '../region/checks';
import { storedType } from '../region/storedType';

const apiVersion = '2025-04-01';

export function resourceGroupTypes(context: Pick<RegionContext, 'openStore'>): ProviderPart {
  const put = (inputs: Properties) => {
    const name = String(inputs['resourceGroupName']);
    const id = `/subscriptions/${subscriptionId}/resourceGroups/${name}`;
    const outputs = {
      ...inputs,
      name,
      type: 'Microsoft.Resources/resourceGroups',
      properties: { provisioningState: 'Succeeded' },
      azureApiVersion: apiVersion,
    };
    return { id, outputs };
  };
  const resourceGroup = storedType(
    {
      token: 'azure-native:resources:ResourceGroup',
      identifiedBy: ['resourceGroupName'],
      computed: ['name', 'type', 'properties', 'azureApiVersion'],
      replaceOn: {
        resourceGroupName: 'Resource Manager: a resource group cannot be renamed',
        location: 'azure-native, provider/pkg/gen/replacement.go',
      },
      failures: (inputs) =>
        checkInputs(inputs, [
          {
            property: 'resourceGroupName',
            required: true,
            pattern: /^[-\w.()]{0,89}[-\w()]$/,
            expected: 'a name of 1 to 90 letters, digits, -, _, ( ) and ., not ending in a full stop',
          },
          { property: 'location', required: true, pattern: /^[A-Za-z0-9 ]+$/, expected: 'an Azure location such as westeurope' },
        ]),
      put,
    },
    context.openStore<Properties>('provider/resource-groups'),
  );
  return { resources: [resourceGroup], functions: [] };
}
