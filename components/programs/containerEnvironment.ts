import { ManagedEnvironment } from '@pulumi/azure-native/app';
import * as pulumi from '@pulumi/pulumi';
import { diagnosticLogs } from '../observability/diagnosticLogs';

export interface ContainerEnvironmentArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  readonly environmentName: pulumi.Input<string>;
  /** Log Analytics workspace of the programs' logs. */
  readonly logAnalyticsId: pulumi.Input<string>;
  readonly tags: Readonly<Record<string, string>>;
}

/** Where jobs and apps run. Logs leave through a diagnostic setting: the environment's own way needs the workspace's shared key. */
export class ContainerEnvironment extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;

  constructor(name: string, args: ContainerEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:ContainerEnvironment', name, {}, opts);
    const { resourceGroupName, location, environmentName, tags } = args;
    const environment = new ManagedEnvironment(name, {
      resourceGroupName, location, environmentName, tags, appLogsConfiguration: { destination: 'azure-monitor' }, zoneRedundant: false,
      workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }],
    }, { parent: this });
    diagnosticLogs(name, environment.id, args.logAnalyticsId, { parent: this });
    this.id = environment.id;
    this.registerOutputs({ id: this.id });
  }
}
