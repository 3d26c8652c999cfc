import { ContainerApp } from '@pulumi/azure-native/app';
import type * as inputs from '@pulumi/azure-native/types/input';
import * as pulumi from '@pulumi/pulumi';
import type { CronScale } from '../configuration/siteHours';
import { attach, identityOf, type UniformArgs } from '../resource/uniformComponent';

/** The environment has the logs of its programs. */
export interface ProgramAppArgs extends Omit<UniformArgs, 'diagnostics'> {
  /** Resource group of the program. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** ARM id of the Container Apps environment. */
  readonly environmentId: pulumi.Input<string>;
  /** 2 to 32 lower case letters, digits and dashes. */
  readonly appName: pulumi.Input<string>;
  /** ARM id of the identity that pulls the images. */
  readonly identityId: pulumi.Input<string>;
  /** Whether the programs may act as the identity; otherwise, the default, only the platform does, for images and secrets. */
  readonly identityForPrograms?: boolean;
  /** Registry of the images. */
  readonly registryLoginServer: pulumi.Input<string>;
  /** Started in this order. */
  readonly containers: readonly inputs.app.ContainerArgs[];
  /** Directories that containers share, or that hold secrets; default none. */
  readonly volumes?: readonly inputs.app.VolumeArgs[];
  /** When the app is up; default always. */
  readonly hours?: CronScale;
  /** Secrets are references to a key vault, never values. */
  readonly secrets?: readonly { readonly name: string; readonly keyVaultUrl: pulumi.Input<string> }[];
}

/** Programs that are always on, or on by the clock, in one replica: their state is in storage, and a second one would only compete. */
export class ProgramApp extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly appName: pulumi.Output<string>;

  constructor(name: string, args: ProgramAppArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:ProgramApp', name, {}, opts);
    const { identityId, hours, volumes, secrets, identityForPrograms } = {
      hours: undefined,
      volumes: [],
      secrets: [],
      identityForPrograms: false,
      ...args,
    };
    const scale =
      hours === undefined
        ? { minReplicas: 1, maxReplicas: 1 }
        : { minReplicas: 0, maxReplicas: 1, rules: [{ name: 'hours', custom: { type: 'cron', metadata: { ...hours } } }] };
    const identity = identityOf(args.identity, { userAssignedIds: [identityId] }, 'SystemAssigned,UserAssigned');
    const app = new ContainerApp(
      name,
      {
        resourceGroupName: args.resourceGroupName,
        location: args.location,
        ...(args.tags === undefined ? {} : { tags: args.tags }),
        environmentId: args.environmentId,
        containerAppName: args.appName,
        workloadProfileName: 'Consumption',
        ...(identity === undefined ? {} : { identity }),
        configuration: {
          activeRevisionsMode: 'Single',
          registries: [{ server: args.registryLoginServer, identity: identityId }],
          ...(secrets.length === 0 ? {} : { secrets: secrets.map((secret) => ({ ...secret, identity: identityId })) }),
          ...(identityForPrograms ? {} : { identitySettings: [{ identity: identityId, lifecycle: 'None' }] }),
        },
        template: {
          containers: [...args.containers],
          scale,
          terminationGracePeriodSeconds: 30,
          ...(volumes.length === 0 ? {} : { volumes: [...volumes] }),
        },
      },
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    attach(name, args, { id: app.id }, this);
    this.id = app.id;
    this.appName = app.name;
    this.registerOutputs({ id: this.id, appName: this.appName });
  }
}
