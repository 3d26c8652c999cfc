import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Gate } from './gate';
import { RoleAssignments, type RoleAssignment, type RoleDefinition } from './roleAssignments';
import { TokenAuthority } from './tokenAuthority';
import { AppendOnlyStore } from './appendOnlyStore';
import { regionCertificates, type TlsMaterial } from './certificates';
import { systemClock, type Clock } from './clock';

export const subscriptionId = '00000000-0000-4000-8000-000000000001';
export const tenantId = '00000000-0000-4000-8000-0000000000aa';

/** What every service of the region is built on. */
export interface RegionContext {
  /** Absolute; all state lives below it, a folder per service. */
  readonly directory: string;
  readonly clock: Clock;
  readonly tls: TlsMaterial;
  readonly authority: TokenAuthority;
  readonly roles: RoleAssignments;
  readonly gate: Gate;
  /** Opens (or continues) a store; the name is `<service>/<what>`. */
  openStore<T>(name: string): AppendOnlyStore<T>;
  /** One line of the region's own log. Never a token, key or SAS. */
  log(service: string, message: string, detail?: Record<string, unknown>): void;
}

/** A service of the region: listens between start and stop, keeps its state in the region's directory. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface RegionOptions {
  readonly directory: string;
  readonly clock?: Clock;
  readonly log?: RegionContext['log'];
  /** How long the tokens of the tenant last; an hour by default. */
  readonly tokenLifetimeSeconds?: number;
}

export async function createRegionContext(options: RegionOptions): Promise<RegionContext & { close(): void }> {
  const { directory, clock = systemClock, log = () => undefined, tokenLifetimeSeconds } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stores: AppendOnlyStore<never>[] = [];
  const openStore = <T>(name: string): AppendOnlyStore<T> => {
    const store = new AppendOnlyStore<T>(join(directory, `${name}.jsonl`));
    stores.push(store as unknown as AppendOnlyStore<never>);
    return store;
  };
  const authority = new TokenAuthority(tenantId, join(directory, 'entra', 'signing.key'), clock, tokenLifetimeSeconds);
  const roles = new RoleAssignments(
    openStore<RoleAssignment>('authorization/assignments'),
    openStore<RoleDefinition>('authorization/roles'),
  );
  return {
    directory,
    clock,
    tls: await regionCertificates(join(directory, 'tls')),
    authority,
    roles,
    gate: new Gate(authority, roles, clock),
    openStore,
    log,
    close: () => stores.forEach((store) => store.close()),
  };
}
