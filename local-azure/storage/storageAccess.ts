import type { Principal } from '../region/tokenAuthority';
import type { RegionContext } from '../region/regionContext';
import type { Operation } from './operation';
import { scopeOf } from './classifyRequest';
import { badToken, noCredentials, permissionMismatch, StorageFault } from './storageFault';
import { headerOf, type StorageRequest } from './storageRequest';
import type { UserDelegation, VerifiedSas } from './userDelegation';

const namespace = 'Microsoft.Storage/storageAccounts/';
const writeAction = `${namespace}blobServices/containers/blobs/write`;

const keysAreOff = () =>
  new StorageFault(403, 'KeyBasedAuthenticationNotPermitted', 'Key based authentication is not permitted on this storage account.');

/** What a request was allowed to do. `newBlobsOnly`: its caller may add, not replace. */
export interface Grant {
  readonly principal: Principal;
  readonly bySas: boolean;
  readonly newBlobsOnly: boolean;
}

/** Who asks, and may they: bearer token or user delegation SAS, then the region's gate. */
export class StorageAccess {
  constructor(
    private readonly context: RegionContext,
    private readonly delegation: UserDelegation,
  ) {}

  authorize(request: StorageRequest, accountId: string, operation: Operation, remoteAddress: string): Grant {
    const authorization = headerOf(request.headers, 'authorization');
    if (authorization === undefined && request.query.has('sig')) return this.bySas(request, accountId, operation, remoteAddress);
    if (authorization !== undefined && /^SharedKey/i.test(authorization))
      throw this.reported(keysAreOff(), 'a shared key', request, accountId, operation);
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    const scope = scopeOf(accountId, request, operation.level);
    const audiences = ['https://storage.azure.com', `https://${request.account}.${request.service}.core.windows.net`];
    let principal: Principal | undefined;
    for (const actions of operation.needs) {
      const decision = this.context.gate.authorize(token, {
        service: `storage/${request.service}`,
        audiences,
        actions: actions.map((action) => namespace + action),
        scope,
      });
      if (!decision.allowed)
        throw decision.status === 403
          ? permissionMismatch()
          : token === undefined
            ? noCredentials(this.context.authority.tenantId)
            : badToken(this.context.authority.tenantId, decision.reason);
      principal = decision.principal;
    }
    if (!principal) throw noCredentials(this.context.authority.tenantId);
    return { principal, bySas: false, newBlobsOnly: this.addsOnly(operation, principal, scope) };
  }

  /** A SAS is worth what its letters say and what its signer may do at this moment. */
  private bySas(request: StorageRequest, accountId: string, operation: Operation, remoteAddress: string): Grant {
    if (request.service !== 'blob') throw this.reported(keysAreOff(), 'a SAS', request, accountId, operation);
    const { signer, permissions } = this.verified(request, accountId, operation, remoteAddress);
    const letters = [...operation.sas].filter((letter) => permissions.includes(letter));
    if (letters.length === 0)
      throw this.reported(
        permissionMismatch(),
        `a SAS of ${signer.displayName} with the permissions "${permissions}"`,
        request,
        accountId,
        operation,
      );
    const scope = scopeOf(accountId, request, operation.level);
    for (const actions of operation.needs) {
      if (
        !this.context.gate.authorizePrincipal(signer, {
          service: `storage/${request.service}`,
          actions: actions.map((action) => namespace + action),
          scope,
        }).allowed
      )
        throw permissionMismatch();
    }
    const replaces = operation.commits === 'PutBlob' || operation.commits === 'CopyBlob';
    return {
      principal: signer,
      bySas: true,
      newBlobsOnly: (replaces && !letters.includes('w')) || this.addsOnly(operation, signer, scope),
    };
  }

  private verified(request: StorageRequest, accountId: string, operation: Operation, remoteAddress: string): VerifiedSas {
    try {
      return this.delegation.verify(request, remoteAddress);
    } catch (error) {
      throw error instanceof StorageFault ? this.reported(error, 'a SAS', request, accountId, operation) : error;
    }
  }

  /** Refusals that need no role belong into the log of refusals too. */
  private reported(fault: StorageFault, identity: string, request: StorageRequest, accountId: string, operation: Operation): StorageFault {
    if (fault.status === 401 || fault.status === 403) {
      this.context.gate.report({
        service: `storage/${request.service}`,
        status: fault.status,
        identity,
        action: operation.name,
        scope: scopeOf(accountId, request, operation.level),
        reason: `${fault.code}: ${fault.message}`,
      });
    }
    return fault;
  }

  private addsOnly(operation: Operation, principal: Principal, scope: string): boolean {
    return (
      (operation.commits === 'PutBlob' || operation.commits === 'CopyBlob') &&
      !this.context.roles.allowed(principal.objectId, writeAction, scope)
    );
  }

  /** An adder met an existing blob: the refusal is the missing write action, and the denial log says so. */
  refuseReplacement(request: StorageRequest, accountId: string, { principal }: Grant): StorageFault {
    this.context.gate.authorizePrincipal(principal, {
      service: `storage/${request.service}`,
      actions: [writeAction],
      scope: scopeOf(accountId, request, 'blob'),
    });
    return new StorageFault(403, 'UnauthorizedBlobOverwrite', 'This request is not authorized to perform blob overwrites.');
  }
}
