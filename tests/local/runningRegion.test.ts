import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { EnvironmentCredential } from '@azure/identity';
import { processesOf, startOfProcess } from '../../loop/regionProcesses';
import { regionDirectory } from '../../loop/regionDirectory';
import { findPulumi } from '../../commands/up/pulumiCli';
import { endRegion, ensureRegion, runningRegion } from '../../commands/up/runningRegion';
import { upDirectory } from '../../commands/up/upDirectory';
import { projectRoot } from '../support/projectRoot';

const local = join(projectRoot, '.local', 'running-region-test');
const { path, regionFile, operatorFile, operatorCertificate } = upDirectory(local);

describe('the region of up:local', () => {
  afterAll(async () => {
    await endRegion(local);
    rmSync(local, { recursive: true, force: true });
  });

  it('stays in a process of its own, is found again, and is started again on its state when it was killed', async () => {
    const first = await ensureRegion(local, projectRoot);
    expect(first).toMatchObject({ pid: expect.any(Number), providers: expect.stringMatching(/^azure-native:\d+,.*command:\d+/) });
    expect((await ensureRegion(local, projectRoot)).pid).toBe(first.pid);

    process.kill(first.pid, 'SIGKILL');
    while (startOfProcess(first.pid) === first.startOfProcess) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runningRegion(local)).toBeUndefined();
    const second = await ensureRegion(local, projectRoot);
    expect(second.pid).not.toBe(first.pid);
    expect({ cloud: second.cloud, operatorId: second.operatorId }).toEqual({ cloud: first.cloud, operatorId: first.operatorId });
  });

  it('is one for two starts at once: the second is served by the region of the first', async () => {
    await endRegion(local);
    const [one, other] = await Promise.all([ensureRegion(local, projectRoot), ensureRegion(local, projectRoot)]);
    expect(other).toEqual(one);
  });

  it('is not taken for a process that has its number by chance', async () => {
    const { pid } = await ensureRegion(local, projectRoot);
    const text = readFileSync(regionFile, 'utf8');
    writeFileSync(regionFile, JSON.stringify({ ...(JSON.parse(text) as object), startOfProcess: '1' }));
    expect(runningRegion(local)).toBeUndefined();
    writeFileSync(regionFile, text);
    expect(runningRegion(local)?.pid).toBe(pid);
  });

  it("signs its operator in with the Azure SDK's own environment credential, whose key only the owner can read", async () => {
    await ensureRegion(local, projectRoot);
    const settings = JSON.parse(readFileSync(operatorFile, 'utf8')) as Record<string, string>;
    expect(Object.keys(settings).sort()).toEqual([
      'AZURE_AUTHORITY_HOST',
      'AZURE_CLIENT_CERTIFICATE_PATH',
      'AZURE_CLIENT_ID',
      'AZURE_TENANT_ID',
      'NODE_EXTRA_CA_CERTS',
    ]);
    expect(statSync(operatorCertificate).mode & 0o077).toBe(0);
    const before = { ...process.env };
    Object.assign(process.env, settings);
    const ca = readFileSync(settings['NODE_EXTRA_CA_CERTS'] ?? '', 'utf8');
    try {
      tls.setDefaultCACertificates([...tls.getCACertificates('default'), ca]);
      const { token } = await new EnvironmentCredential({ disableInstanceDiscovery: true }).getToken('https://storage.azure.com/.default');
      expect(token.split('.')).toHaveLength(3);
    } finally {
      process.env = before;
    }
  });

  it('ends when it is asked to and leaves no process', async () => {
    await ensureRegion(local, projectRoot);
    expect(await endRegion(local)).toBe(true);
    expect(runningRegion(local)).toBeUndefined();
    expect(processesOf(regionDirectory(path))).toEqual([]);
    expect(await endRegion(local)).toBe(false);
  });
});

describe('the Pulumi CLI', () => {
  it('is taken from PATH first, then from .local/bin, and missing it says how to get it', () => {
    const nowhere = mkdtempSync(join(tmpdir(), 'no-pulumi-'));
    const there = (folder: string) => writeFileSync(join(folder, 'pulumi'), '', { mode: 0o755 });
    expect(() => findPulumi(nowhere, { PATH: nowhere })).toThrow(/neither on PATH nor in \.local\/bin.*npm run engine:build/);
    there(nowhere);
    expect(findPulumi('/none', { PATH: `/none:${nowhere}` })).toBe(join(nowhere, 'pulumi'));
    rmSync(nowhere, { recursive: true });
  });
});
