import { ManagedEnvironment } from '@pulumi/azure-native/app';
import * as pulumi from '@pulumi/pulumi';
import { attach, identityOf, type UniformArgs } from '../resource/uniformComponent';

export interface ContainerEnvironmentArgs extends UniformArgs {
  /** Resource group of the environment. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** 2 to 60 lower case letters, digits and single dashes. */
  readonly environmentName: pulumi.Input<string>;
}

/** Where jobs and apps run. What they print leaves through a diagnostic setting: the environment's own way needs the workspace's shared key. */
export class ContainerEnvironment extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;

  constructor(name: string, args: ContainerEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:ContainerEnvironment', name, {}, opts);
    const { resourceGroupName, location, environmentName, tags } = args;
    const identity = identityOf(args.identity, {}, 'SystemAssigned,UserAssigned');
    const environment = new ManagedEnvironment(
      name,
      {
        resourceGroupName,
        location,
        environmentName,
        ...(tags === undefined ? {} : { tags }),
        ...(identity === undefined ? {} : { identity }),
        appLogsConfiguration: { destination: 'azure-monitor' },
        zoneRedundant: false,
        workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }],
      },
      { parent: this },
    );
    attach(name, args, { id: environment.id }, this);
    this.id = environment.id;
    this.registerOutputs({ id: this.id });
  }
}
