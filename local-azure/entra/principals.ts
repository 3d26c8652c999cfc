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
        ? (one: Principal) => one.clientId === key.clientId.toLowerCase()
        : (one: Principal) => one.objectId === key.objectId.toLowerCase();
    for (const one of this.store.values()) if (matches(one)) return one;
    for (const one of this.servicePrincipals()) if (matches(one)) return one;
    return undefined;
  }

  resourceIdOf(principal: Principal): string | undefined {
    for (const [resourceId, one] of this.store.entries()) if (one.objectId === principal.objectId) return resourceId;
    return undefined;
  }

  remove(resourceId: string): void {
    this.store.delete(resourceId.toLowerCase());
  }
}
