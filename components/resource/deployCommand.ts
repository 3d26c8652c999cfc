import { local } from '@pulumi/command';
import type * as pulumi from '@pulumi/pulumi';
import type { z } from 'zod';
import type { DeployAction, DeployProgramName } from '../../contracts/programs';
import { json, type SettingsOf, type SettingsSchema } from '../../contracts/settings/settings';

export interface DeployCommandArgs<P extends DeployProgramName, S extends SettingsSchema> {
  /** Which program. */
  readonly program: P;
  /** Its action when the resource is created; none for a program that does one thing. */
  readonly create?: DeployAction<NoInfer<P>>;
  /** Its action when the settings change; default that of `create`. */
  readonly update?: DeployAction<NoInfer<P>>;
  /** Its action when the resource goes; default nothing is done. */
  readonly delete?: DeployAction<NoInfer<P>>;
  /** Schema of its settings. */
  readonly schema: S;
  /** Exactly the schema's keys; optional ones are named, if only as undefined. */
  readonly settings: SettingsOf<NoInfer<S>, pulumi.Input<string>>;
  /** Another value of one of these replaces the resource; default none. */
  readonly triggers?: readonly pulumi.Input<string>[];
}

/** A program that Pulumi runs while it deploys, as a resource. What it prints is kept, what it logs is shown. */
export function deployCommand<P extends DeployProgramName, S extends SettingsSchema>(
  name: string,
  args: DeployCommandArgs<P, S>,
  opts: pulumi.CustomResourceOptions,
): local.Command {
  const run = (action?: string) => ['node', `dist/${args.program}/index.js`, ...(action === undefined ? [] : [action])].join(' ');
  const given = Object.entries(args.settings as Record<string, pulumi.Input<string> | undefined>).filter(
    (entry): entry is [string, pulumi.Input<string>] => entry[1] !== undefined,
  );
  return new local.Command(
    name,
    {
      create: run(args.create),
      ...(args.update === undefined ? {} : { update: run(args.update) }),
      ...(args.delete === undefined ? {} : { delete: run(args.delete) }),
      environment: Object.fromEntries(given),
      addPreviousOutputInEnv: false,
      logging: 'stderr',
      ...(args.triggers === undefined ? {} : { triggers: [...args.triggers] }),
    },
    opts,
  );
}

/** What such a program printed. Throws, in one line, when that is not its answer. */
export function readAnswer<A extends z.ZodType>(program: string, answer: A, stdout: string): z.output<A> {
  const parsed = json(answer).safeParse(stdout);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new Error(`${program} answered "${stdout.slice(0, 200)}", expected ${problems.join('; ')}: look at its log`);
}
