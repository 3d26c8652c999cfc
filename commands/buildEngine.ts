import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildArguments, engineKey, engineKeyFile, engineTools, isBuilt, readToolModule } from './engine/engineTools';
import { goVersion, runGo } from './engine/runGo';
import { createTerminal } from '../command-line/terminal';
import { readHelpOption } from './start/startOptions';
import { UsageError } from '../command-line/usageError';

const root = join(__dirname, '..');
const binaries = join(root, '.local', 'bin');
const tellEveryMs = 30_000;
const help = `Usage: npm run engine:build

Builds the Pulumi CLI and its Node language host into .local/bin, unless they are
there. Takes minutes the first time; needs Go and a Go module proxy.
`;

/** `npm run engine:build`: builds the Pulumi CLI and its Node language host into .local/bin, unless they are there. */
async function buildEngine(): Promise<void> {
  if (readHelpOption(process.argv.slice(2), 'engine:build') === 'help') {
    process.stdout.write(help);
    return;
  }
  const version = goVersion(join(root, engineTools[0]?.module ?? ''));
  if (version === undefined)
    throw new UsageError(
      'engine:build needs Go 1.21 or newer on PATH (it fetches the Go that the modules ask for) and access to a Go module proxy; see go.dev/dl. A Pulumi CLI on PATH does as well.',
    );
  const key = engineKey(root, version);
  const terminal = createTerminal(process.stdout, { quiet: false, environment: process.env });
  if (isBuilt(binaries, key)) {
    terminal.line('the engine is built already: .local/bin/pulumi, .local/bin/pulumi-language-nodejs');
    return;
  }
  mkdirSync(binaries, { recursive: true });
  rmSync(engineKeyFile(binaries), { force: true });
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1_000);
  for (const tool of engineTools) {
    const directory = join(root, tool.module);
    const found = readToolModule(readFileSync(join(directory, 'go.mod'), 'utf8'), tool);
    const fresh = join(binaries, `${tool.name}.new`);
    let compiled = 0;
    let toldAt = performance.now();
    terminal.line(`building ${tool.name} ${found.version} with ${version} …`);
    await runGo(directory, buildArguments(fresh, found), (line) => {
      if (!/^go: /.test(line)) compiled++;
      const text = `  ${seconds()} s, ${compiled} packages compiled${/^go: downloading/.test(line) ? `, ${line.slice(4)}` : ''}`;
      terminal.live(text);
      if (process.stdout.isTTY || performance.now() - toldAt < tellEveryMs) return;
      toldAt = performance.now();
      terminal.line(text);
    });
    renameSync(fresh, join(binaries, tool.name));
  }
  writeFileSync(engineKeyFile(binaries), key);
  terminal.line(`the engine is built in ${seconds()} s: .local/bin/pulumi, .local/bin/pulumi-language-nodejs`);
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.on(signal, () => process.exit(code));
buildEngine().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
