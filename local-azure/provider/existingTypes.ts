import type { ContainerRegistry } from '../container-registry/containerRegistry';
import type { Entra } from '../entra/entra';
import { armId } from '../region/armId';
import { ResourceError, type ProviderPart } from '../region/resourceType';

/** Functions that look up what a stack uses and did not make. */
export const existingTypes = (registries: Pick<ContainerRegistry, 'registry'>, entra: Pick<Entra, 'find'>): ProviderPart => ({
  resources: [],
  functions: [
    {
      token: 'azure-native:containerregistry:getRegistry',
      invoke: async (args) => {
        const id = armId(String(args['resourceGroupName']), 'Microsoft.ContainerRegistry/registries', String(args['registryName']));
        const found = registries.registry(id);
        if (found === undefined) throw new ResourceError('ResourceNotFound', `The Resource '${id}' was not found.`);
        return {
          id,
          name: found.name,
          loginServer: found.loginServer,
          type: 'Microsoft.ContainerRegistry/registries',
          adminUserEnabled: false,
        };
      },
    },
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
