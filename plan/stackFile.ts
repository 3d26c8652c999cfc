import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { UsageError } from '../command-line/usageError';

/** A stack's configuration as its file has it. */
export interface StackFile {
  readonly project: string;
  readonly stack: string;
  /** Full keys; values as Pulumi hands them to the program. */
  readonly configuration: Readonly<Record<string, string>>;
  /** Keys whose values are encrypted, wholly or in part: the plan does not know them. */
  readonly secretKeys: readonly string[];
}

/** The settings of this program, by their names in it. */
export const ownSettings = ({ project, configuration }: StackFile): Record<string, string> =>
  Object.fromEntries(
    Object.entries(configuration)
      .filter(([key]) => key.startsWith(`${project}:`))
      .map(([key, value]) => [key.slice(project.length + 1), value]),
  );

const projectFile = z.object({ name: z.string().min(1) });
const stackFile = z.object({ config: z.record(z.string(), z.unknown()).nullish() }).nullable();
const maxBytes = 1_000_000;

const isSecure = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).length === 1 &&
  typeof (value as Record<string, unknown>)['secure'] === 'string';
const holdsSecure = (value: unknown): boolean =>
  isSecure(value) || (typeof value === 'object' && value !== null && Object.values(value).some(holdsSecure));

/** The value with `placeholder` wherever one is encrypted. */
function withoutSecure(value: unknown, placeholder: string): unknown {
  if (isSecure(value)) return placeholder;
  if (Array.isArray(value)) return value.map((element) => withoutSecure(element, placeholder));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecure(inner, placeholder)]));
}

/** Names of the stacks that have a file in the folder. */
export const stacksIn = (root: string): string[] =>
  readdirSync(root)
    .flatMap((file) => /^Pulumi\.([A-Za-z0-9_.-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();

function readYaml(file: string): unknown {
  const text = readFileSync(file, 'utf8');
  if (text.length > maxBytes) throw new UsageError(`${file}: expected at most ${maxBytes} characters, got ${text.length}.`);
  try {
    return parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${file} is not YAML: ${(error as Error).message.split('\n')[0] ?? ''}`);
  }
}

export const noStackFile = (root: string, stack: string, option = '--stack'): string =>
  `${option} ${stack}: there is no Pulumi.${stack}.yaml; expected one of ${stacksIn(root).join(', ')}`;

/** Reads `Pulumi.<stack>.yaml`, which `option` asked for; no CLI and no passphrase, so what is encrypted becomes the placeholder. */
export function readStackFile(root: string, stack: string, placeholder: string, option?: string): StackFile {
  const file = join(root, `Pulumi.${stack}.yaml`);
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(stack) || statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new UsageError(`${noStackFile(root, stack, option)}.`);
  const project = projectFile.parse(readYaml(join(root, 'Pulumi.yaml'))).name;
  const read = stackFile.safeParse(readYaml(file) ?? null);
  if (!read.success) throw new UsageError(`Pulumi.${stack}.yaml: expected "config:" with <project>:<key> entries.`);
  const given = Object.entries(read.data?.config ?? {}).map(([key, value]): [string, unknown] => [
    key.includes(':') ? key : `${project}:${key}`,
    value,
  ]);
  return {
    project,
    stack,
    configuration: Object.fromEntries(
      given.map(([key, value]) => {
        const plain = withoutSecure(value, placeholder);
        return [key, typeof plain === 'string' ? plain : JSON.stringify(plain)];
      }),
    ),
    secretKeys: given.filter(([, value]) => holdsSecure(value)).map(([key]) => key),
  };
}
