import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Terminal } from '../../command-line/terminal';
import { UsageError } from '../../command-line/usageError';
import { buildArguments, engineKey, engineKeyFile, engineTools, isBuilt, readToolModule, type EngineTool } from './engineTools';
import { goVersion, runGo } from './runGo';

/** On a pipe, where no line is replaced. */
const lineEveryMs = 30_000;

/** Builds the Pulumi CLI and its Node language host into .local/bin, unless they are there. Throws UsageError without Go. */
export async function buildEngine(root: string, terminal: Terminal): Promise<void> {
  const version = goVersion(join(root, engineTools[0]?.module ?? ''));
  if (version === undefined)
    throw new UsageError(
      'engine:build needs Go 1.21 or newer on PATH (it fetches the Go that the modules ask for) and access to a Go module proxy; see go.dev/dl. A Pulumi CLI on PATH does as well.',
    );
  const binaries = join(root, '.local', 'bin');
  const key = engineKey(root, version);
  if (isBuilt(binaries, key)) {
    terminal.line('the engine is built already: .local/bin/pulumi, .local/bin/pulumi-language-nodejs');
    return;
  }
  mkdirSync(binaries, { recursive: true });
  rmSync(engineKeyFile(binaries), { force: true });
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1_000);
  for (const tool of engineTools) await buildTool(tool, { root, binaries, version, terminal, seconds });
  writeFileSync(engineKeyFile(binaries), key);
  terminal.line(`the engine is built in ${seconds()} s: .local/bin/pulumi, .local/bin/pulumi-language-nodejs`);
}

interface Build {
  readonly root: string;
  readonly binaries: string;
  readonly version: string;
  readonly terminal: Terminal;
  readonly seconds: () => number;
}

/** What is half built never stands in the place of the tool. */
async function buildTool(tool: EngineTool, { root, binaries, version, terminal, seconds }: Build): Promise<void> {
  const directory = join(root, tool.module);
  const found = readToolModule(readFileSync(join(directory, 'go.mod'), 'utf8'), tool);
  const fresh = join(binaries, `${tool.name}.new`);
  let compiled = 0;
  let lineAt = performance.now();
  terminal.line(`building ${tool.name} ${found.version} with ${version} …`);
  await runGo(directory, buildArguments(fresh, found), (line) => {
    if (!/^go: /.test(line)) compiled++;
    const text = `  ${seconds()} s, ${compiled} packages compiled${/^go: downloading/.test(line) ? `, ${line.slice(4)}` : ''}`;
    terminal.live(text);
    if (process.stdout.isTTY || performance.now() - lineAt < lineEveryMs) return;
    lineAt = performance.now();
    terminal.line(text);
  });
  renameSync(fresh, join(binaries, tool.name));
}
