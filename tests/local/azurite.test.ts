import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/projectRoot';

const listens = async (port: number) =>
  fetch(`http://127.0.0.1:${port}/data1?comp=list`, { signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    () => false,
  );

it('does not outlive a parent that was killed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'azurite-'));
  const script = `const { Azurite } = require('./local-azure/storage/azurite'); new Azurite(${JSON.stringify(directory)}, ${JSON.stringify(directory)}, () => {}, () => {}).start().then(({ ports }) => console.log(ports.blob));`;
  const parent = spawn(process.execPath, ['-r', 'ts-node/register', '-e', script], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString().trim())));
      parent.once('exit', (code) => reject(new Error(`the parent ended with ${code}`)));
    });
    expect(await listens(port)).toBe(true);
    parent.kill('SIGKILL');
    const deadline = Date.now() + 8_000;
    while ((await listens(port)) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await listens(port)).toBe(false);
  } finally {
    parent.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 200));
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});
