import * as pulumi from '@pulumi/pulumi';
import { readSettings, type SettingsOf, type SettingsSchema } from '../../contracts/settings/settings';

export interface EnvironmentVariable { readonly name: string; readonly value: string }

/**
 * A program's settings as environment variables. The keys are the schema's, or it does not compile; the values are read
 * with the schema as soon as they are known, so that a wrong one stops the deployment and not the program.
 */
export function environmentVariables<S extends SettingsSchema>(program: string, schema: S, settings: SettingsOf<S, pulumi.Input<string>>): pulumi.Output<EnvironmentVariable[]> {
  return pulumi.output(settings as Record<string, pulumi.Input<string> | undefined>).apply((values) => {
    const given = Object.entries(values as Record<string, string | undefined>).filter((entry): entry is [string, string] => entry[1] !== undefined);
    readSettings(program, schema, Object.fromEntries(given));
    return given.map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}
