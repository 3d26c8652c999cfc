import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { UsageError } from './startOptions';

const project = 'factory-loop';
const maxFileBytes = 1_000_000;
const stackFile = z.object({ config: z.record(z.string().max(500), z.unknown()).nullish() });

/** What a stack's file says, without the Pulumi CLI. */
export interface StackFile {
  /** Values of this project, without its prefix; objects as JSON, as Pulumi hands them to the program. */
  readonly values: Readonly<Record<string, string>>;
  /** Values of providers, with their prefix. */
  readonly providerValues: Readonly<Record<string, string>>;
}

export const stackFileName = (stack: string) => `Pulumi.${stack}.yaml`;
const isEncrypted = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 1 && 'secure' in value;
const asText = (value: unknown) => (typeof value === 'string' ? value : isEncrypted(value) ? '[secret]' : JSON.stringify(value));

/** Names of the stacks that have a file in the folder. */
export const stackNames = (folder: string): string[] => readdirSync(folder).flatMap((name) => /^Pulumi\.([A-Za-z0-9._-]{1,100})\.yaml$/.exec(name)?.[1] ?? []).sort();

/** Reads `Pulumi.<stack>.yaml`. Throws UsageError with one line when there is none or it cannot be read. */
export function readStackFile(folder: string, stack: string): StackFile {
  const known = stackNames(folder);
  if (!known.includes(stack)) throw new UsageError(`unknown stack ${JSON.stringify(stack.slice(0, 100))}: there is no ${stackFileName(stack.slice(0, 100))}; expected one of ${known.join(', ') || '(none yet)'}.`);
  const file = join(folder, stackFileName(stack));
  const refuse = (why: string): never => {
    throw new UsageError(`${stackFileName(stack)} cannot be read: ${why}.`);
  };
  if (statSync(file).size > maxFileBytes) refuse(`expected at most ${maxFileBytes} bytes, found ${statSync(file).size}`);
  let given: unknown;
  try {
    given = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    refuse(((error as Error).message.split('\n')[0] ?? '').replace(/[.:]$/, ''));
  }
  const read = stackFile.safeParse(given ?? {});
  if (!read.success) return refuse('expected a mapping "config" of keys and values');
  const entries = Object.entries(read.data.config ?? {});
  const [own, others] = [(key: string) => key.startsWith(`${project}:`), (key: string) => !key.startsWith(`${project}:`)];
  return {
    values: Object.fromEntries(entries.filter(([key]) => own(key)).map(([key, value]) => [key.slice(project.length + 1), asText(value)])),
    providerValues: Object.fromEntries(entries.filter(([key]) => others(key)).map(([key, value]) => [key, asText(value)])),
  };
}
