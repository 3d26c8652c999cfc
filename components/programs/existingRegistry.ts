import { getRegistryOutput } from '@pulumi/azure-native/containerregistry';
import * as pulumi from '@pulumi/pulumi';

const registryId = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)\/providers\/[^/]+\/registries\/([^/]+)$/i;

/** A registry of the same subscription that is there already. */
export function existingRegistry(
  id: string,
  opts: pulumi.InvokeOptions,
): { id: pulumi.Output<string>; loginServer: pulumi.Output<string> } {
  const [, resourceGroupName, registryName] = registryId.exec(id) ?? [];
  if (resourceGroupName === undefined || registryName === undefined)
    throw new Error(`expected the ARM id of a container registry, got ${id}`);
  return { id: pulumi.output(id), loginServer: getRegistryOutput({ resourceGroupName, registryName }, opts).loginServer };
}
