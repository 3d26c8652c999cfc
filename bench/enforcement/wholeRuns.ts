import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../tests/support/projectRoot';

const local = join('.local', 'bench-enforcement');

export interface WholeRun {
  readonly durationMs: number;
  readonly fromDeploymentMs: number;
  /** Known where the gate is the open one, which counts them. */
  readonly decisions?: number;
}

/** `npm start` as a user starts it, or the same on a region whose gate asks nobody. Rejects unless the loop closed. */
export async function wholeRun(enforced: boolean): Promise<WholeRun> {
  const script = enforced ? ['-r', 'ts-node/register', 'commands/start.ts'] : ['bench/enforcement/startWithoutGate.cjs'];
  const child = spawn(process.execPath, [...script, '--json', '--local', local], { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, said] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on('data', (chunk: Buffer) => void out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => void said.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const stderr = Buffer.concat(said).toString('utf8');
  if (code !== 0) throw new Error(`npm start ended with ${code ?? 'a signal'}: ${stderr.slice(-2_000)}`);
  const { durationMs, startUp } = JSON.parse(Buffer.concat(out).toString('utf8')) as {
    durationMs: number;
    startUp: { bundlesMs: number; regionMs: number };
  };
  const decisions = /^decisions (\d+)$/m.exec(stderr)?.[1];
  if (!enforced && !(Number(decisions) > 0))
    throw new Error('the run without enforcement asked the open gate nothing: it ran with another');
  rmSync(join(projectRoot, local), { recursive: true, force: true });
  return {
    durationMs,
    fromDeploymentMs: durationMs - Math.max(startUp.bundlesMs, startUp.regionMs),
    ...(decisions === undefined ? {} : { decisions: Number(decisions) }),
  };
}
