import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretRefreshMs } from '../../../../local-azure/container-apps/app';
import { appDeclaration } from '../../../../local-azure/container-apps/declarations';
import { onHost } from '../../../../local-azure/container-apps/mounts';
import { systemClock } from '../../../../local-azure/region/clock';
import { appId, group, identityId, platform, registryServer } from '../../support/fakePlatform';
import { projectRoot } from '../../../support/projectRoot';

type Platform = Awaited<ReturnType<typeof platform>>;
let region: Platform;
beforeEach(async () => {
  region = await platform();
});
afterEach(async () => region.close());

function app(containers: object[], change: { template?: object; configuration?: object } = {}) {
  return appDeclaration.parse({
    resourceGroupName: group,
    containerAppName: 'site',
    environmentId: '/environment',
    identity: { type: 'SystemAssigned,UserAssigned', userAssignedIdentities: { [identityId]: {} } },
    configuration: { registries: [{ server: registryServer, identity: identityId }], ...change.configuration },
    template: { containers, scale: { minReplicas: 1, maxReplicas: 1 }, terminationGracePeriodSeconds: 1, ...change.template },
  });
}
const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const until = async (condition: () => boolean) => {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 300) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

it('gives containers a shared volume and the secrets as files, below the paths that the declaration names', async () => {
  const writer = region.images.add(
    'writer',
    "require('node:fs').writeFileSync(process.env.SITE + '/note', require('node:fs').readFileSync(process.argv[2], 'utf8')); setInterval(() => {}, 1000)",
  );
  const out = join(region.directory, 'out');
  const reader = region.images.add(
    'reader',
    `const fs = require('node:fs'); setInterval(() => fs.existsSync(process.env.SITE + '/note') && fs.writeFileSync(${JSON.stringify(out)}, fs.readFileSync(process.env.SITE + '/note') + process.env.SECRET + process.env.GRANTED), 20)`,
  );
  await region.containerApps.putApp(
    appId('site'),
    app(
      [
        {
          name: 'writer',
          image: writer,
          command: ['node', 'index.js'],
          args: ['/certificates/device.pem'],
          env: [{ name: 'SITE', value: '/site/data' }],
          volumeMounts: [
            { volumeName: 'site', mountPath: '/site' },
            { volumeName: 'certificates', mountPath: '/certificates' },
          ],
        },
        {
          name: 'reader',
          image: reader,
          env: [
            { name: 'SITE', value: '/elsewhere/data' },
            { name: 'SECRET', secretRef: 'plain' },
          ],
          volumeMounts: [{ volumeName: 'site', mountPath: '/elsewhere' }],
        },
      ],
      {
        configuration: {
          secrets: [
            { name: 'device.pem', keyVaultUrl: 'https://vault/secrets/device', identity: identityId },
            { name: 'plain', value: '|plain|' },
          ],
        },
        template: {
          volumes: [
            { name: 'site', storageType: 'EmptyDir' },
            { name: 'certificates', storageType: 'Secret', secrets: [{ secretRef: 'device.pem', path: 'device.pem' }] },
          ],
          initContainers: [
            {
              name: 'prepare',
              image: region.images.add('prepare', "require('node:fs').mkdirSync(process.argv[2])"),
              command: ['node', 'index.js', '/site/data'],
              volumeMounts: [{ volumeName: 'site', mountPath: '/site' }],
            },
          ],
        },
      },
    ),
  );
  await until(() => existsSync(out) && readFileSync(out, 'utf8').length > 0);
  expect(readFileSync(out, 'utf8')).toBe('secret of https://vault/secrets/device for program|plain|program,site');
});

describe('a secret of a vault that gets a new version', () => {
  /** Turns come when the test says so. */
  function turningClock() {
    const due: { readonly run: () => void; readonly durationMs: number }[] = [];
    const after = (durationMs: number, run: () => void) => {
      const turn = { run, durationMs };
      due.push(turn);
      return () => void (due.includes(turn) && due.splice(due.indexOf(turn), 1));
    };
    const turn = async () => {
      await until(() => due.some(({ durationMs }) => durationMs === secretRefreshMs));
      due
        .splice(
          due.findIndex(({ durationMs }) => durationMs === secretRefreshMs),
          1,
        )[0]
        ?.run();
      await until(() => due.some(({ durationMs }) => durationMs === secretRefreshMs));
    };
    return { clock: { ...systemClock, after }, turn };
  }

  it('is mounted below the running container when it has been there for a while, and what can no longer be read stays', async () => {
    const { clock, turn } = turningClock();
    const site = await platform({ clock });
    const mounted = () => readFileSync(join(site.containerApps.volumes('certificates')[0] ?? '', 'device.pem'), 'utf8');
    site.secrets.value = 'first';
    await site.containerApps.putApp(
      appId('site'),
      app(
        [
          {
            name: 'program',
            image: site.images.add('program', 'setInterval(() => {}, 1000)'),
            volumeMounts: [{ volumeName: 'certificates', mountPath: '/certificates' }],
          },
        ],
        {
          configuration: { secrets: [{ name: 'device.pem', keyVaultUrl: 'https://vault/secrets/device', identity: identityId }] },
          template: { volumes: [{ name: 'certificates', storageType: 'Secret' }] },
        },
      ),
    );
    await site.event('appStarted');
    await turn();
    site.secrets.value = 'second';
    await turn();
    expect(mounted()).toBe('first');
    await turn();
    expect(mounted()).toBe('second');
    expect(readdirSync(site.containerApps.volumes('certificates')[0] ?? '')).toEqual(['device.pem']);
    site.secrets.refusal = new Error('Forbidden');
    await turn();
    await turn();
    expect(mounted()).toBe('second');
    expect(site.logged()).toContain('cannot be read, the mounted ones stay');
    expect(site.events.map(({ type }) => type)).toEqual(['appStarted']);
    await site.close();
  });
});

it('restarts a container that ends, and replaces the revision when the declaration changes', async () => {
  const image = region.images.add('once', "process.stdout.write('x'); setTimeout(() => {}, process.env.LONG ? 1e6 : 0)");
  const first = await region.containerApps.putApp(appId('site'), app([{ name: 'once', image }]));
  await region.event('appStarted', 2);
  expect(readFileSync(join(region.containerApps.logs('site'), 'once.log'), 'utf8')).toMatch(/^xx?$/);
  expect(region.containerApps.state().apps[0]?.containers[0]?.restarts).toBe(1);
  const second = await region.containerApps.putApp(appId('site'), app([{ name: 'once', image, env: [{ name: 'LONG', value: '1' }] }]));
  expect(second).not.toBe(first);
  await until(() => region.events.some((one) => one.type === 'appStarted' && one.revision === second));
  const count = region.events.length;
  expect(await region.containerApps.putApp(appId('site'), app([{ name: 'once', image, env: [{ name: 'LONG', value: '1' }] }]))).toBe(
    second,
  );
  expect(region.events).toHaveLength(count);
});

it('runs nothing for an app without minimum replicas', async () => {
  await region.containerApps.putApp(
    appId('site'),
    app([{ name: 'idle', image: region.images.add('idle', '') }], { template: { scale: { minReplicas: 0 } } }),
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(region.events).toEqual([]);
});

it('stops with SIGTERM first and kills children that the program left behind', async () => {
  const childFile = join(region.directory, 'child');
  const image = region.images.add(
    'parent',
    `
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)']);
    process.on('SIGTERM', () => { console.log('clean'); process.exit(0); });
    setTimeout(() => require('node:fs').writeFileSync(${JSON.stringify(childFile)}, String(child.pid)), 150);`,
  );
  await region.containerApps.putApp(appId('site'), app([{ name: 'parent', image }]));
  await until(() => existsSync(childFile) && statSync(childFile).size > 0);
  const child = Number(readFileSync(childFile, 'utf8'));
  expect(alive(child)).toBe(true);
  await region.containerApps.deleteApp(appId('site'));
  await until(() => !alive(child));
  expect(readFileSync(join(region.containerApps.logs('site'), 'parent.log'), 'utf8')).toBe('clean\n');
});

it('leaves no container behind when the region is killed', async () => {
  const script = join(region.directory, 'region.cjs');
  const reaper = join(__dirname, '../../../../local-azure/container-apps/reaper.ts');
  writeFileSync(
    script,
    `
    const { Reaper } = require(${JSON.stringify(reaper)});
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
    new Reaper('/region').watch(child.pid);
    setTimeout(() => console.log(child.pid), 200);
    setInterval(() => {}, 1000);`,
  );
  const killed = spawn(process.execPath, ['-r', require.resolve('ts-node/register'), script], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) => killed.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))));
  expect(alive(pid)).toBe(true);
  killed.kill('SIGKILL');
  await until(
    () =>
      !alive(pid) ||
      execFileSync('ps', ['-o', 'stat=', '-p', String(pid)])
        .toString()
        .startsWith('Z'),
  );
});

it('translates only what lies below a mount', () => {
  const mounts = [
    { mountPath: '/site', hostPath: '/host/a' },
    { mountPath: '/site/inner', hostPath: '/host/b' },
  ];
  expect(
    ['/site', '/site/', '/site/x/y', '/site/inner/z', '/sites', 'https://host/site/x', 'site'].map((value) => onHost(value, mounts)),
  ).toEqual(['/host/a', '/host/a/', '/host/a/x/y', '/host/b/z', '/sites', 'https://host/site/x', 'site']);
});
