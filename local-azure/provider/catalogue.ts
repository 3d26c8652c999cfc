import type { FunctionType, ProviderPart, ResourceType } from '../region/resourceType';

/** Every Pulumi type and function that the region answers, by token. */
export interface Catalogue {
  resource(token: string): ResourceType | undefined;
  function(token: string): FunctionType | undefined;
  readonly tokens: readonly string[];
}

/** `azure-native:storage/v20240101:StorageAccount` is the same resource as `azure-native:storage:StorageAccount`. */
const unversioned = (token: string) => token.replace(/^(azure-native:[^:/]+)\/v\d{8}(?:preview)?:/, '$1:');

export function catalogueOf(parts: readonly ProviderPart[]): Catalogue {
  const resources = new Map(parts.flatMap((part) => part.resources).map((type) => [type.token, type]));
  const functions = new Map(parts.flatMap((part) => part.functions).map((type) => [type.token, type]));
  return {
    resource: (token) => resources.get(unversioned(token)),
    function: (token) => functions.get(unversioned(token)),
    tokens: [...resources.keys()].sort(),
  };
}
