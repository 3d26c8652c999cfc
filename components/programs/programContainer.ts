import type * as inputs from '@pulumi/azure-native/types/input';
import type * as pulumi from '@pulumi/pulumi';
import type { ProgramName } from '../../contracts/programs';
import type { SettingsOf, SettingsSchema } from '../../contracts/settings/settings';
import { environmentVariables } from './environmentVariables';

interface ProgramContainerArgs<S extends SettingsSchema> {
  /** Which program. */
  readonly program: ProgramName;
  /** Name of the container, where a program runs more than once; default the program's. */
  readonly name?: string;
  /** Image by digest. */
  readonly image: pulumi.Input<string>;
  /** Schema of the program's settings. */
  readonly schema: S;
  /** Exactly the schema's keys; optional ones are named, if only as undefined. */
  readonly settings: SettingsOf<NoInfer<S>, pulumi.Input<string>>;
  /** vCPUs; the platform gives twice as many GiB of memory. Default 0.5. */
  readonly cpu?: number;
  /** Volumes of the app that it sees; default none. */
  readonly volumeMounts?: readonly { readonly volumeName: string; readonly mountPath: string }[];
}

/** One program as a container of a job or an app. */
export const programContainer = <S extends SettingsSchema>({
  program,
  name = program,
  image,
  schema,
  settings,
  cpu = 0.5,
  volumeMounts = [],
}: ProgramContainerArgs<S>): inputs.app.ContainerArgs => ({
  name,
  image,
  env: environmentVariables(program, schema, settings),
  resources: { cpu, memory: `${cpu * 2}Gi` },
  ...(volumeMounts.length === 0 ? {} : { volumeMounts: [...volumeMounts] }),
});
