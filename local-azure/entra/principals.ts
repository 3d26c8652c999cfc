import { randomUUID } from 'node:crypto';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Directory } from '../region/serviceInterfaces';
import type { Principal } from '../region/tokenAuthority';

/** The managed identities of the tenant, by the ARM id of the resource that they belong to. */
export class ManagedIdentities implements Directory {
  constructor(
    private readonly store: AppendOnlyStore<Principal>,
    private readonly servicePrincipals: () => Iterable<Principal>,
  ) {}

  managedIdentity(resourceId: string, displayName: string): Principal {
    const key = resourceId.toLowerCase();
    const known = this.store.get(key);
    if (known) return known;
    const principal: Principal = { objectId: randomUUID(), clientId: randomUUID(), displayName };
    this.store.set(key, principal);
    return principal;
  }

  find(key: { clientId: string } | { objectId: string } | { resourceId: string }): Principal | undefined {
    if ('resourceId' in key) return this.store.get(key.resourceId.toLowerCase());
    const matches =
      'clientId' in key
        ? (principal: Principal) => principal.clientId === key.clientId.toLowerCase()
        : (principal: Principal) => principal.objectId === key.objectId.toLowerCase();
    for (const principal of this.store.values()) if (matches(principal)) return principal;
    for (const principal of this.servicePrincipals()) if (matches(principal)) return principal;
    return undefined;
  }

  resourceIdOf(principal: Principal): string | undefined {
    for (const [resourceId, identity] of this.store.entries()) if (identity.objectId === principal.objectId) return resourceId;
    return undefined;
  }

  remove(resourceId: string): void {
    this.store.delete(resourceId.toLowerCase());
  }
}
