import type { Clock } from '../region/clock';
import type { Properties } from '../region/resourceType';
import type { Principal } from '../region/tokenAuthority';

/** What role assignments and custom roles have in common. */

export const apiVersion = '2022-04-01';
export const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const armScope = /^\/(?:$|subscriptions\/|providers\/)/i;
export const withoutSlash = (scope: unknown) => String(scope).replace(/\/+$/, '');

/** Who created it and when, which an update leaves, and who updated it. */
export function provenance(clock: Clock, deployer: Principal, before: Properties | undefined): Properties {
  const now = clock.now().toISOString();
  return { createdOn: before?.['createdOn'] ?? now, updatedOn: now, createdBy: deployer.objectId, updatedBy: deployer.objectId };
}
