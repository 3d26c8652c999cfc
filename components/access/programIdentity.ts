import { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity';
import * as pulumi from '@pulumi/pulumi';
import { identityName, type NameParts } from '../resource/names';

export interface ProgramIdentityArgs {
  /** Resource group of the identity. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** What the name is made of. */
  readonly names: pulumi.Input<NameParts>;
  /** Tags; default none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** The user-assigned identity of one actor. */
export const programIdentity = (
  actor: string,
  { resourceGroupName, location, names, tags }: ProgramIdentityArgs,
  opts: pulumi.CustomResourceOptions,
): UserAssignedIdentity =>
  new UserAssignedIdentity(
    actor,
    {
      resourceGroupName,
      location,
      resourceName: pulumi.output(names).apply((parts) => identityName(actor, parts)),
      ...(tags === undefined ? {} : { tags }),
    },
    opts,
  );
