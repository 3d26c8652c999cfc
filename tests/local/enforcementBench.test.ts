import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { median, sideBySide } from '../../bench/enforcement/figures';
import { OpenGate } from '../../bench/enforcement/openGate';
import { Gate } from '../../local-azure/region/gate';
import { testRegion } from './support/testRegion';
import { projectRoot } from '../support/projectRoot';

const node = (...args: string[]) =>
  spawnSync(join(projectRoot, 'node_modules', '.bin', 'node'), args, { cwd: projectRoot, encoding: 'utf8', timeout: 200_000 });

it('measures the gate on the role assignments of the default stack, and a request with and without it', () => {
  const { status, stdout, stderr } = node(
    '-r',
    'ts-node/register',
    'bench/enforcement/run.ts',
    '--pairs',
    '0',
    '--decisions',
    '300',
    '--requests',
    '4',
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^gate: \d+ decisions\/s granted, \d+ refused, \d+ with the token's signature, on [1-9]\d role assignments$/m);
  expect(stdout).toMatch(
    /^GET of a small blob, 4 on each side: p50 [\d.]+ ms with the gate, [\d.]+ ms without: -?[\d.]+ % of the request$/m,
  );
});

it('starts the loop with another gate than the product, which has no switch for it', () => {
  const probe = (start: string) =>
    node(
      '-e',
      `process.argv.push('start', '--help'); process.on('exit', () => process.stdout.write('gate ' + require('./local-azure/region/gate.ts').Gate.name)); ${start}`,
    );
  expect(probe("require('./bench/enforcement/startWithoutGate.cjs')").stdout).toMatch(/^Usage: npm start [^]*gate OpenGate$/);
  expect(probe("require('ts-node/register'); require('./commands/start.ts')").stdout).toMatch(/gate Gate$/);
});

it('believes every token, with the end that it names, and asks no role', async () => {
  const region = await testRegion();
  try {
    const { authority, roles, clock } = region.context;
    const who = region.principal('stranger');
    const { token, expiresOn } = authority.issue(who, 'https://elsewhere', 60);
    const forged = token.replace(/[^.]+$/, 'AAAA');
    const request = {
      service: 'bench',
      audiences: ['https://storage.azure.com'],
      actions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'],
      scope: '/subscriptions/x',
    };
    expect(new Gate(authority, roles, clock).authorize(forged, request)).toMatchObject({ allowed: false, status: 401 });
    expect(new OpenGate(authority, roles, clock).authorize(forged, request)).toEqual({
      allowed: true,
      principal: who,
      expiresAt: new Date(expiresOn * 1_000),
    });
  } finally {
    region.remove();
  }
});

it('compares run with run of the same pair', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(
    sideBySide([
      { on: 110, off: 100 },
      { on: 50, off: 50 },
      { on: 240, off: 200 },
    ]),
  ).toEqual({ on: 110, off: 100, ratios: [1.1, 1, 1.2], ratio: 1.1 });
});
