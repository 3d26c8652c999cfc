import type { RegionContext } from '../region/regionContext';
import type { BlobCommits } from './blobCommits';
import type { StorageAccess } from './storageAccess';
import type { UpstreamClient } from './upstreamClient';
import type { UserDelegation } from './userDelegation';

/** What the front is connected to. */
export interface FrontConnections {
  readonly context: RegionContext;
  readonly access: StorageAccess;
  readonly delegation: UserDelegation;
  readonly commits: BlobCommits;
  upstream(): UpstreamClient;
  /** ARM id of a declared account. */
  accountId(name: string): string | undefined;
}
