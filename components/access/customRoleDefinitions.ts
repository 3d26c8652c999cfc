import { RoleDefinition } from '@pulumi/azure-native/authorization';
import * as pulumi from '@pulumi/pulumi';
import { nameBasedUuid } from '../../contracts/nameBasedUuid';
import { customRoles, type CustomRole } from './roles';

export interface CustomRoleDefinitionsArgs {
  /** ARM id of the resource group in which the roles can be assigned. */
  readonly resourceGroupId: pulumi.Input<string>;
  /** Makes the roles' names unique in the tenant. */
  readonly suffix: pulumi.Input<string>;
}

/** The roles that Azure has no built-in for. */
export class CustomRoleDefinitions extends pulumi.ComponentResource {
  /** ARM ids by role. */
  readonly ids: Readonly<Record<CustomRole, pulumi.Output<string>>>;

  constructor(name: string, args: CustomRoleDefinitionsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:access:CustomRoleDefinitions', name, {}, opts);
    const define = (role: CustomRole) =>
      new RoleDefinition(`${name}-${role}`, {
        scope: args.resourceGroupId,
        roleDefinitionId: pulumi.all([args.resourceGroupId, args.suffix]).apply(([group, suffix]) => nameBasedUuid('role definition', group.toLowerCase(), suffix, role)),
        roleName: pulumi.interpolate`${customRoles[role].name} (${args.suffix})`,
        roleType: 'CustomRole',
        description: customRoles[role].description,
        permissions: [{ actions: [...customRoles[role].actions], notActions: [], dataActions: [...customRoles[role].dataActions], notDataActions: [] }],
        assignableScopes: [args.resourceGroupId],
      }, { parent: this }).id;
    this.ids = { cloudToDeviceSender: define('cloudToDeviceSender'), landingZoneWriter: define('landingZoneWriter'), smokeCleaner: define('smokeCleaner') };
    this.registerOutputs({ ids: this.ids });
  }
}
