import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { programs, type ProgramName } from '../../../contracts/programs';
import { connectDatabus } from '../../../edge-sim/databus/databusClient';
import { inferenceClient } from '../../../edge-sim/model-manager/inferenceClient';
import { projectRoot } from '../../support/projectRoot';

export interface SiteProcesses {
  run(program: ProgramName, settings: Readonly<Record<string, string>>): ChildProcess;
  /** Everything that the programs have written so far. */
  output(): string;
  /** Exit codes after SIGTERM, in the order of the starts. */
  stop(): Promise<(number | null)[]>;
}

export const exitOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) =>
    child.exitCode === null && child.signalCode === null ? child.once('exit', (code) => resolve(code)) : resolve(child.exitCode),
  );

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** Bundles programs as their images hold them and runs them as processes with exactly the given settings. */
export async function siteProcesses(names: readonly ProgramName[]): Promise<SiteProcesses> {
  const bundles = mkdtempSync(join(tmpdir(), 'factory-loop-bundles-'));
  await build({
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, join(projectRoot, programs[name], name, 'main.ts')])),
    outdir: bundles,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    keepNames: true,
    external: ['onnxruntime-node'],
    loader: { '.py': 'text' },
    logLevel: 'error',
    absWorkingDir: projectRoot,
  });
  symlinkSync(join(projectRoot, 'node_modules'), join(bundles, 'node_modules'));
  const children: ChildProcess[] = [];
  let output = '';
  return {
    run(program, settings) {
      const child = spawn(process.execPath, [join(bundles, program, 'index.js')], {
        cwd: join(bundles, program),
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TZ: 'UTC', ...settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => {
          output += chunk.toString('utf8');
        });
      children.push(child);
      return child;
    },
    output: () => output,
    async stop() {
      const codes = await Promise.all(
        children.splice(0).map((child) => {
          child.kill('SIGTERM');
          return exitOf(child);
        }),
      );
      rmSync(bundles, { recursive: true, force: true });
      return codes;
    },
  };
}

/** Resolves when the inference server answers on the databus. */
export async function inferenceServerAnswers(port: number, site: SiteProcesses): Promise<void> {
  const databus = await connectDatabus({ port }, 'waiting', () => undefined);
  try {
    const inference = await inferenceClient(databus);
    for (
      let attempt = 0;
      !(await inference.ask({ kind: 'status' }, 1).then(
        () => true,
        () => false,
      ));
      attempt += 1
    )
      if (attempt > 20) throw new Error(`the inference server does not answer:\n${site.output()}`);
  } finally {
    await databus.close();
  }
}
