import { EnvironmentVersion } from '@pulumi/azure-native/machinelearningservices';
import * as pulumi from '@pulumi/pulumi';
import { RandomString } from '@pulumi/random';

export interface TrainingEnvironmentArgs {
  /** Resource group of the workspace. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure ML workspace that keeps it. */
  readonly workspaceName: pulumi.Input<string>;
  /** Name of the environment in the workspace. */
  readonly environmentName: string;
  /** Image by digest: Azure ML builds nothing. */
  readonly image: pulumi.Input<string>;
}

/** A version of an environment never changes, so it is named by its image, and by when it was made: Azure keeps a version that an earlier deployment of the same image left. */
export const environmentVersionOf = (image: string, made: string) =>
  `${(/@sha256:([0-9a-f]{16})/.exec(image)?.[1] ?? image.replaceAll(/[^A-Za-z0-9]/g, '-')).slice(0, 22)}-${made}`;

/** The image that training jobs run in. */
export class TrainingEnvironment extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;

  constructor(name: string, args: TrainingEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:training:TrainingEnvironment', name, {}, opts);
    const made = new RandomString(
      `${name}-made`,
      { length: 6, special: false, upper: false, keepers: { image: args.image } },
      { parent: this },
    );
    const version = new EnvironmentVersion(
      name,
      {
        resourceGroupName: args.resourceGroupName,
        workspaceName: args.workspaceName,
        name: args.environmentName,
        version: pulumi.all([args.image, made.result]).apply(([image, text]) => environmentVersionOf(image, text)),
        properties: { image: args.image, osType: 'Linux', description: 'Image of the training program' },
        // Jobs that ran in it name it for good: it goes with the workspace.
      },
      { parent: this, retainOnDelete: true },
    );
    this.id = version.id;
    this.registerOutputs({ id: this.id });
  }
}
