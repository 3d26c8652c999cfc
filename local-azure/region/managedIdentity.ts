import { tenantId } from './regionContext';
import type { Directory } from './serviceInterfaces';
import { nameOf } from './armId';
import { ResourceError, type Properties } from './resourceType';

/** Ids of the user-assigned identities of an `identity` input, which is a list in the SDK and a map in ARM. */
export function userAssignedIds(identity: unknown): string[] {
  const declared = (identity as { userAssignedIdentities?: unknown } | undefined)?.userAssignedIdentities ?? [];
  return Array.isArray(declared) ? declared.map(String) : Object.keys(declared as Properties);
}

/** The `identity` output: system-assigned principals are made, user-assigned ones must be there. */
export function identityOutput(directory: Directory, resourceId: string, identity: unknown): Properties {
  if (identity === undefined || identity === null) return {};
  const type = String((identity as Properties)['type']);
  const userAssignedIdentities = Object.fromEntries(
    userAssignedIds(identity).map((id) => {
      const principal = directory.find({ resourceId: id });
      if (!principal)
        throw new ResourceError(
          'FailedIdentityOperation',
          `the identity ${id} of ${nameOf(resourceId)} does not exist.`,
          'Declare it before the resource that uses it.',
        );
      return [id, { clientId: principal.clientId, principalId: principal.objectId }];
    }),
  );
  const system = type.includes('SystemAssigned')
    ? { principalId: directory.managedIdentity(resourceId, nameOf(resourceId)).objectId, tenantId }
    : {};
  return { identity: { type, ...system, ...(Object.keys(userAssignedIdentities).length > 0 ? { userAssignedIdentities } : {}) } };
}
