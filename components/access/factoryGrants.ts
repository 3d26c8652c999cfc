import type * as pulumi from '@pulumi/pulumi';
import type { PlatformLinks } from '../resource/platformLinks';
import type { CustomRoleDefinitions } from './customRoleDefinitions';
import { RoleGrants, type Grantee, type ListedGrantee } from './roleGrants';
import { rowsOf, type FactoryActor, type FactoryScope } from './roleMatrix';

type Scopes = Partial<Record<FactoryScope, pulumi.Input<string>>>;
interface Scope {
  readonly id: pulumi.Output<string>;
}
/** An account, and what is in it by name. */
interface AccountScopes extends Scope {
  readonly containers: Readonly<Record<string, Scope>>;
  readonly queues: Readonly<Record<string, Scope>>;
}
export interface FactoryGrantsArgs {
  /** Storage of the factory: its accounts, containers and queues are scopes. */
  readonly storage: { readonly data: AccountScopes; readonly edge: AccountScopes };
  /** Hub and event hub of the factory. */
  readonly route: { readonly iotHubId: pulumi.Output<string>; readonly eventHubId: pulumi.Output<string> };
  /** What the platform lends: workspace, models, registry, telemetry. */
  readonly platform: PlatformLinks;
  /** Subscription of the built-in roles. */
  readonly subscriptionId: pulumi.Input<string>;
  /** The product's own roles. */
  readonly customRoles: CustomRoleDefinitions;
  /** Whether the factory has a vault for the key of its site; without one, rows at the vault are left out. */
  readonly siteVault: boolean;
}
export interface GrantOptions {
  /** How long new assignments are given to reach Azure's services; default 0. */
  readonly waitSeconds?: number;
  /** Scopes that only this group has; default none. */
  readonly more?: Scopes;
  /** What the scopes need to be there; default nothing. */
  readonly after?: readonly pulumi.Resource[];
}

/** Gives the rows of these actors, each group under a name of its own. */
export type FactoryGrant = (
  name: string,
  actors: Partial<Record<FactoryActor, Grantee | readonly ListedGrantee[]>>,
  options?: GrantOptions,
) => RoleGrants;

/** Gives the rows of the role matrix to the actors of one factory, a group at a time. */
export function factoryGrants(
  { storage, route, platform, subscriptionId, customRoles, siteVault }: FactoryGrantsArgs,
  parent: pulumi.Resource,
): FactoryGrant {
  const { data, edge } = storage;
  const scopes: Scopes = {
    data: data.id,
    edge: edge.id,
    ml: platform.models.accountId,
    'ml/models': platform.models.containerId,
    'ml-workspace': platform.workspace.id,
    registry: platform.registry.id,
    'app-insights': platform.applicationInsightsId,
    'metrics-rule': platform.telemetry.metricsRuleId,
    'metrics-workspace': platform.telemetry.metricsWorkspaceId,
    'iot-hub': route.iotHubId,
    'event-hub': route.eventHubId,
    ...Object.fromEntries(Object.entries(data.containers).map(([container, { id }]) => [`data/${container}`, id])),
    ...Object.fromEntries(Object.entries(edge.containers).map(([container, { id }]) => [`edge/${container}`, id])),
    ...Object.fromEntries(Object.entries(data.queues).map(([queue, { id }]) => [`queue/${queue}`, id])),
  };
  return (name, actors, { waitSeconds = 0, more = {}, after = [] } = {}) => {
    const rows = rowsOf(...(Object.keys(actors) as FactoryActor[])).filter((row) => row.scope !== 'site-vault' || siteVault);
    return new RoleGrants(
      name,
      { rows, actors, scopes: { ...scopes, ...more }, subscriptionId, customRoles, waitSeconds, after },
      { parent },
    );
  };
}
