import * as pulumi from '@pulumi/pulumi';
import { programs, type ProgramName } from '../../contracts/programs';
import { buildImageSettings, builtImage } from '../../contracts/settings/buildImage';
import type { ContentHashes } from './contentHashes';
import { deployCommand, readAnswer } from '../resource/deployCommand';

/** Where the images come from: built in the registry from the bundles, or made elsewhere and given by digest. */
export type ImageSource =
  | { readonly kind: 'build'; readonly hashes: ContentHashes }
  | { readonly kind: 'prebuilt'; readonly images: Readonly<Partial<Record<ProgramName, string>>> };

export interface ProgramImagesArgs {
  /** Where the images come from. */
  readonly source: ImageSource;
  /** ARM id of the registry that builds and keeps them. */
  readonly registryId: pulumi.Input<string>;
  /** Its host name. */
  readonly registryLoginServer: pulumi.Input<string>;
  /** Azure Resource Manager; default the public cloud's. */
  readonly resourceManagerEndpoint?: string;
  /** Resource that tokens for it are asked for; default the public cloud's. */
  readonly resourceManagerAudience?: string;
  /** Registry, and folder in it, that base images are imported from; default Docker Hub. */
  readonly baseImageRegistry?: string;
  /** How long a refusal is tried again, while the deployer's role takes effect; default 900. */
  readonly roleAssignmentWaitSeconds?: number;
}

const buildsAtATime = 4;
const defaults = {
  resourceManagerEndpoint: 'https://management.azure.com',
  resourceManagerAudience: 'https://management.azure.com',
  roleAssignmentWaitSeconds: 900,
} as const;

/** One image for each program, by digest. */
export class ProgramImages extends pulumi.ComponentResource {
  readonly images: Readonly<Record<ProgramName, pulumi.Output<string>>>;

  constructor(name: string, args: ProgramImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:ProgramImages', name, {}, opts);
    const all = { ...defaults, ...args };
    // Where images are built they share the agents' network: the first build brings the base image, the others come a few at a time.
    const started: pulumi.Resource[] = [];
    const build = (program: ProgramName, hash: string) => {
      const before = started[Math.max(0, started.length - buildsAtATime)];
      const command = deployCommand(
        `image-${program}`,
        {
          program: 'build-image',
          schema: buildImageSettings,
          settings: {
            REGISTRY_ID: args.registryId,
            REGISTRY_LOGIN_SERVER: args.registryLoginServer,
            PROGRAM: program,
            CONTENT_HASH: hash,
            BASE_IMAGE_REGISTRY: args.baseImageRegistry,
            CONTEXT_DIRECTORY: `dist/${program}`,
            AZURE_RESOURCE_MANAGER_ENDPOINT: all.resourceManagerEndpoint,
            AZURE_RESOURCE_MANAGER_AUDIENCE: all.resourceManagerAudience,
            ROLE_ASSIGNMENT_WAIT_SECONDS: String(all.roleAssignmentWaitSeconds),
          },
        },
        { parent: this, ...(before === undefined ? {} : { dependsOn: [before] }) },
      );
      started.push(command);
      return command.stdout.apply((stdout) => readAnswer(`build-image of ${program}`, builtImage, stdout).image);
    };
    const image = (program: ProgramName): pulumi.Output<string> => {
      if (args.source.kind === 'build') return build(program, args.source.hashes[program]);
      const prebuilt = args.source.images[program];
      if (prebuilt === undefined) throw new Error(`prebuiltImages has no image for ${program}`);
      return pulumi.output(prebuilt);
    };
    this.images = Object.fromEntries((Object.keys(programs) as ProgramName[]).map((program) => [program, image(program)])) as Record<
      ProgramName,
      pulumi.Output<string>
    >;
    this.registerOutputs({ images: this.images });
  }
}
