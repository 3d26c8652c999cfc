import { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity';
import type * as pulumi from '@pulumi/pulumi';
import { identityName, type NameParts } from '../naming';

export interface ProgramIdentityArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  readonly names: pulumi.Output<NameParts>;
  readonly tags: Readonly<Record<string, string>>;
}

/** The user-assigned identity of one actor. */
export const programIdentity = (actor: string, { resourceGroupName, location, names, tags }: ProgramIdentityArgs, opts: pulumi.CustomResourceOptions): UserAssignedIdentity =>
  new UserAssignedIdentity(actor, { resourceGroupName, location, resourceName: names.apply((parts) => identityName(actor, parts)), tags }, opts);
