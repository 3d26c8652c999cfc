import { RoleDefinition } from '@pulumi/azure-native/authorization';
import * as pulumi from '@pulumi/pulumi';
import { nameBasedUuid } from '../../contracts/nameBasedUuid';
import { defaultPropagationSeconds, waitForPropagation } from '../resource/propagationDelay';
import { customRoles, type CustomRole } from '../resource/roles';

export interface CustomRoleDefinitionsArgs {
  /** ARM id of the resource group in which the roles can be assigned. */
  readonly resourceGroupId: pulumi.Input<string>;
  /** ARM id of a registry that is somebody else's: artifacts are removed there, so its group is one more in which that role can be assigned; default none. */
  readonly registryId?: pulumi.Input<string>;
  /** Makes the roles' names unique in the tenant. */
  readonly suffix: pulumi.Input<string>;
  /** How long new definitions are given to become known to whoever assigns them; default 240. */
  readonly propagationSeconds?: number;
}

const groupOf = (id: string) => id.split('/providers/')[0] ?? id;
/** The groups of these resources, each once: ARM ids ignore case. */
const groupsOf = (ids: readonly string[]): string[] =>
  ids.map(groupOf).filter((group, index, all) => all.findIndex((other) => other.toLowerCase() === group.toLowerCase()) === index);

/** The roles that Azure has no built-in for. */
export class CustomRoleDefinitions extends pulumi.ComponentResource {
  /** ARM ids by role. */
  readonly ids: Readonly<Record<CustomRole, pulumi.Output<string>>>;
  /** Assignments depend on these: before that Azure may answer RoleDefinitionDoesNotExist. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: CustomRoleDefinitionsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:access:CustomRoleDefinitions', name, {}, opts);
    const { resourceGroupId, registryId = resourceGroupId, propagationSeconds = defaultPropagationSeconds } = args;
    const define = (role: CustomRole) =>
      new RoleDefinition(
        `${name}-${role}`,
        {
          scope: resourceGroupId,
          roleDefinitionId: pulumi
            .all([resourceGroupId, args.suffix])
            .apply(([group, suffix]) => nameBasedUuid('role definition', group.toLowerCase(), suffix, role)),
          roleName: pulumi.interpolate`${customRoles[role].name} (${args.suffix})`,
          roleType: 'CustomRole',
          description: customRoles[role].description,
          permissions: [
            {
              actions: [...customRoles[role].actions],
              notActions: [],
              dataActions: [...customRoles[role].dataActions],
              notDataActions: [],
            },
          ],
          assignableScopes: role === 'smokeCleaner' ? pulumi.all([resourceGroupId, registryId]).apply(groupsOf) : [resourceGroupId],
        },
        { parent: this },
      );
    const definitions = {
      cloudToDeviceSender: define('cloudToDeviceSender'),
      landingZoneWriter: define('landingZoneWriter'),
      releaseApprover: define('releaseApprover'),
      smokeCleaner: define('smokeCleaner'),
    };
    this.ids = Object.fromEntries(Object.entries(definitions).map(([role, { id }]) => [role, id])) as Record<
      CustomRole,
      pulumi.Output<string>
    >;
    this.ready = [
      ...Object.values(definitions),
      ...waitForPropagation(`${name}-known`, propagationSeconds, Object.values(definitions), this),
    ];
    this.registerOutputs({ ids: this.ids });
  }
}
