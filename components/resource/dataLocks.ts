import * as pulumi from '@pulumi/pulumi';
import { resourceLock, type LockLevel } from './uniformComponent';

export interface DataLocksArgs {
  /** ARM ids of what holds data, by a name of the caller's choice. */
  readonly resources: Readonly<Record<string, pulumi.Input<string>>>;
  /** CanNotDelete, the default, lets everything but deletion through; ReadOnly also refuses changes. */
  readonly level?: LockLevel;
}

/**
 * Locks on what holds data. A lock holds everything below its resource, so that Azure refuses to take away a role assignment too: the locks come
 * after all of that and go before it, which `dependsOn` says.
 */
export class DataLocks extends pulumi.ComponentResource {
  /** Names of the locked resources. */
  readonly locked: readonly string[];

  constructor(name: string, args: DataLocksArgs, opts: pulumi.ComponentResourceOptions) {
    super('factory-loop:access:DataLocks', name, {}, opts);
    const { resources, level } = { level: 'CanNotDelete' as const, ...args };
    for (const [of, id] of Object.entries(resources))
      resourceLock(of, id, level, { parent: this, ...(opts.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) });
    this.locked = Object.keys(resources);
    this.registerOutputs({ locked: this.locked });
  }
}
