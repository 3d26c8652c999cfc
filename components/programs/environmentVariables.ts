import * as pulumi from '@pulumi/pulumi';
import { readSettings, type SettingsOf, type SettingsSchema } from '../../contracts/settings/settings';

interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** Values as environment variables, in a stable order; read with the schema, so that a wrong one stops the deployment and not the program. */
export function checkedVariables<S extends SettingsSchema>(
  program: string,
  schema: S,
  values: Readonly<Record<string, string | undefined>>,
): EnvironmentVariable[] {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  readSettings(program, schema, Object.fromEntries(given));
  return given.map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A program's settings as environment variables, checked as soon as they are known. The keys are the schema's, or it does not compile. */
export const environmentVariables = <S extends SettingsSchema>(
  program: string,
  schema: S,
  settings: SettingsOf<S, pulumi.Input<string>>,
): pulumi.Output<EnvironmentVariable[]> =>
  pulumi
    .output(settings as Record<string, pulumi.Input<string> | undefined>)
    .apply((values) => checkedVariables(program, schema, values as Record<string, string | undefined>));
