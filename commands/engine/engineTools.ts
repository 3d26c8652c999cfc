import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program of Pulumi's engine that is built from a module of its own. */
export interface EngineTool {
  readonly name: string;
  /** Folder of its go.mod. */
  readonly module: string;
  /** The module whose version it carries. */
  readonly versionOf: string;
}

const sdk = 'github.com/pulumi/pulumi/sdk/v3';
export const engineTools: readonly EngineTool[] = [
  { name: 'pulumi', module: 'tests/engine/pulumi', versionOf: 'github.com/pulumi/pulumi/pkg/v3' },
  { name: 'pulumi-language-nodejs', module: 'tests/engine/language-host', versionOf: sdk },
];
/** What is built from; anything else in the folders does not change the result. */
const moduleFiles = ['go.mod', 'go.sum'] as const;

/** Reads package and version from a go.mod. Throws when it names no tool or not the module it takes its version from. */
export function readToolModule(goMod: string, { name, versionOf }: EngineTool): { readonly package: string; readonly version: string } {
  const tool = new RegExp(`^tool (\\S+/${name})$`, 'm').exec(goMod)?.[1];
  const version = goMod
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([module]) => module === versionOf)?.[1];
  if (tool === undefined || version === undefined)
    throw new Error(`the go.mod of ${name} has no line "tool …/${name}" or requires no version of ${versionOf}.`);
  return { package: tool, version };
}

/** The CLI says its version only when the linker writes it in; the Automation API refuses one that says none. */
export const buildArguments = (outFile: string, tool: { readonly package: string; readonly version: string }): readonly string[] => [
  'build',
  '-v',
  '-trimpath',
  '-o',
  outFile,
  '-ldflags',
  `-s -w -X ${sdk}/go/common/version.Version=${tool.version}`,
  tool.package,
];

/** Names what a build would make: the same key, the same programs. */
export function engineKey(root: string, goVersion: string): string {
  const hash = createHash('sha256').update(goVersion).update('\0');
  for (const tool of engineTools) {
    for (const file of moduleFiles) hash.update(readFileSync(join(root, tool.module, file))).update('\0');
    hash
      .update(buildArguments(tool.name, readToolModule(readFileSync(join(root, tool.module, 'go.mod'), 'utf8'), tool)).join(' '))
      .update('\0');
  }
  return hash.digest('hex');
}

const keyFile = (binaries: string) => join(binaries, 'engine.key');
export const isBuilt = (binaries: string, key: string): boolean =>
  existsSync(keyFile(binaries)) &&
  readFileSync(keyFile(binaries), 'utf8') === key &&
  engineTools.every(({ name }) => existsSync(join(binaries, name)));
export { keyFile as engineKeyFile };
