import { local } from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import { programs, type ProgramName } from '../../contracts/programs';
import type { ContentHashes } from './contentHashes';

/** Where the images come from: built in the registry from the bundles, or made elsewhere and given by digest. */
export type ImageSource = { readonly kind: 'build'; readonly hashes: ContentHashes } | { readonly kind: 'prebuilt'; readonly images: Readonly<Partial<Record<ProgramName, string>>> };

export interface ProgramImagesArgs {
  readonly source: ImageSource;
  readonly registryId: pulumi.Input<string>;
  readonly registryLoginServer: pulumi.Input<string>;
  readonly resourceManagerEndpoint: string;
  readonly resourceManagerAudience: string;
  readonly roleAssignmentWaitSeconds: number;
}

const answer = z.object({ image: z.string().regex(/^[^\s@]+@sha256:[0-9a-f]{64}$/) });

/** The image that `build-image` printed. */
export function builtImage(program: string, stdout: string): string {
  const parsed = answer.safeParse(JSON.parse(stdout));
  if (!parsed.success) throw new Error(`build-image of ${program} answered "${stdout.slice(0, 200)}": expected {"image": "<registry>/<name>@sha256:…"}`);
  return parsed.data.image;
}

/** One image for each program, by digest. */
export class ProgramImages extends pulumi.ComponentResource {
  readonly images: Readonly<Record<ProgramName, pulumi.Output<string>>>;

  constructor(name: string, args: ProgramImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:ProgramImages', name, {}, opts);
    const build = (program: ProgramName, hash: string) =>
      new local.Command(`image-${program}`, {
        create: 'node dist/build-image/index.js', addPreviousOutputInEnv: false, logging: 'stderr',
        environment: {
          REGISTRY_ID: args.registryId, REGISTRY_LOGIN_SERVER: args.registryLoginServer, PROGRAM: program, CONTENT_HASH: hash, CONTEXT_DIRECTORY: `dist/${program}`,
          AZURE_RESOURCE_MANAGER_ENDPOINT: args.resourceManagerEndpoint, AZURE_RESOURCE_MANAGER_AUDIENCE: args.resourceManagerAudience,
          ROLE_ASSIGNMENT_WAIT_SECONDS: String(args.roleAssignmentWaitSeconds),
        },
      }, { parent: this }).stdout.apply((stdout) => builtImage(program, stdout));
    const image = (program: ProgramName): pulumi.Output<string> => {
      if (args.source.kind === 'build') return build(program, args.source.hashes[program]);
      const prebuilt = args.source.images[program];
      if (prebuilt === undefined) throw new Error(`prebuiltImages has no image for ${program}`);
      return pulumi.output(prebuilt);
    };
    this.images = Object.fromEntries((Object.keys(programs) as ProgramName[]).map((program) => [program, image(program)])) as Record<ProgramName, pulumi.Output<string>>;
    this.registerOutputs({ images: this.images });
  }
}
