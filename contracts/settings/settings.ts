import { z } from 'zod';

/**
 * The environment of a program. Every value arrives as a string, so each field is a zod schema that reads one;
 * a component that deploys the program must give exactly these keys (see `SettingsOf`), and the program stops with a
 * readable message when one is missing or wrong.
 */
export type SettingsSchema = z.ZodObject<z.ZodRawShape>;

/**
 * The keys of a schema with the value type that a deployer gives; optional settings must be named, if only as undefined.
 * Mapped over Extract, because a mapping over keyof keeps "optional" and with it allows to leave a key out.
 */
export type SettingsOf<S extends SettingsSchema, Value> = {
  [K in Extract<keyof z.input<S>, string>]: undefined extends z.input<S>[K] ? Value | undefined : Value;
};

export const text = () => z.string().min(1);
export const httpsUrl = () =>
  z
    .string()
    .regex(/^https:\/\/[^\s/]+(\/\S*)?$/, 'an https URL')
    .transform((url) => url.replace(/\/+$/, ''));
export const integer = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'a whole number')
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum));
export const decimal = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/, 'a number')
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum));
export const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((value, context) => {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'valid JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

/** What every program with a managed identity carries in its declaration; the Azure SDK reads both itself. */
export const managedIdentity = {
  AZURE_CLIENT_ID: z.uuid(),
  AZURE_TOKEN_CREDENTIALS: z.literal('ManagedIdentityCredential'),
};

/** Where Azure Resource Manager answers: the public cloud's, a sovereign cloud's or the local region's. */
export const resourceManager = {
  AZURE_RESOURCE_MANAGER_ENDPOINT: httpsUrl(),
  AZURE_RESOURCE_MANAGER_AUDIENCE: httpsUrl(),
};

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Parses a program's environment. Throws SettingsError with one line per wrong variable: what was expected, what came. */
export function readSettings<S extends SettingsSchema>(program: string, schema: S, environment: NodeJS.ProcessEnv): z.output<S> {
  const given = Object.fromEntries(Object.keys(schema.shape).map((key) => [key, environment[key] === '' ? undefined : environment[key]]));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const key = String(issue.path[0]);
    return given[key] === undefined ? `${key} is missing` : `${key}: expected ${issue.message}, got "${given[key]}"`;
  });
  throw new SettingsError(`${program} cannot start, its environment is wrong:\n  ${lines.join('\n  ')}`);
}
