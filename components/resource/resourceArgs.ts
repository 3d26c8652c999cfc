import type * as pulumi from '@pulumi/pulumi';
import type { Tags } from './uniformComponent';

/** What every resource of a part of the stack takes alike. */
export interface ResourceArgs {
  /** Resource group of the resource. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: string;
  /** Tags of every resource that can have them. */
  readonly tags: Tags;
}
