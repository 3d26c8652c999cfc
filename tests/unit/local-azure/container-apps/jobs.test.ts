import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { regionMarker } from '../../../../contracts/regionMarker';
import { jobDeclaration, declarationFaults } from '../../../../local-azure/container-apps/declarations';
import { group, identityId, jobId, platform, registryServer } from '../../support/fakePlatform';

type Platform = Awaited<ReturnType<typeof platform>>;
let region: Platform;
beforeEach(async () => {
  region = await platform();
});
afterEach(async () => region.close());

function job(image: string, change: { configuration?: object; scale?: object; container?: object; triggerType?: string } = {}) {
  return jobDeclaration.parse({
    resourceGroupName: group,
    jobName: 'worker',
    environmentId: '/environment',
    identity: { type: 'UserAssigned', userAssignedIdentities: [identityId] },
    configuration: {
      triggerType: change.triggerType ?? 'Event',
      replicaTimeout: 60,
      replicaRetryLimit: 0,
      registries: [{ server: registryServer, identity: identityId }],
      eventTriggerConfig: {
        scale: {
          pollingInterval: 1,
          maxExecutions: 2,
          rules: [
            {
              name: 'queue',
              type: 'azure-queue',
              metadata: { accountName: 'data', queueName: 'work', queueLength: '1' },
              identity: identityId,
            },
          ],
          ...change.scale,
        },
      },
      ...change.configuration,
    },
    template: { containers: [{ name: 'worker', image, env: [{ name: 'DECLARED', value: 'value' }], ...change.container }] },
  });
}
const drain = (file: string) => `require('node:fs').appendFileSync(${JSON.stringify(file)}, JSON.stringify(process.env) + '\\n');`;

it('runs the image with the declared environment, its identity and nothing of the region', async () => {
  process.env['OF_THE_REGION'] = 'secret';
  const seen = join(region.directory, 'seen');
  await region.containerApps.putJob(jobId('worker'), job(region.images.add('worker', `${drain(seen)} console.log('done');`)));
  region.containerApps.startJob('worker');
  const ended = await region.event('jobEnded');
  expect(ended).toMatchObject({ name: 'worker', status: 'Succeeded', exitCode: 0 });
  const environment = JSON.parse(readFileSync(seen, 'utf8')) as Record<string, string>;
  expect(environment).toMatchObject({
    DECLARED: 'value',
    FROM_IMAGE: 'yes',
    GRANTED: 'program',
    PROTOCOL: 'appService',
    TZ: 'UTC',
    NODE_EXTRA_CA_CERTS: region.context.tls.caFile,
    [regionMarker]: region.directory,
  });
  expect(environment['OF_THE_REGION']).toBeUndefined();
  expect(environment['HOME']).toContain(region.directory);
  expect(readFileSync(ended.logFile ?? '', 'utf8')).toBe('done\n');
  expect(region.granted.size).toBe(0);
});

it('starts an execution per message up to maxExecutions, and none while enough run', async () => {
  const go = join(region.directory, 'go');
  await region.containerApps.putJob(
    jobId('worker'),
    job(region.images.add('worker', `setInterval(() => require('node:fs').existsSync(${JSON.stringify(go)}) && process.exit(0), 20)`)),
  );
  region.queue.length = 5;
  await region.event('jobStarted', 2);
  const asked = region.queue.asked;
  while (region.queue.asked < asked + 2) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(region.events.filter((one) => one.type === 'jobStarted')).toHaveLength(2);
  region.queue.length = 0;
  writeFileSync(go, '');
  await region.event('jobEnded', 2);
});

it('says once why the scaler cannot read the queue', async () => {
  region.queue.error = new Error('AuthorizationPermissionMismatch');
  await region.containerApps.putJob(jobId('worker'), job(region.images.add('worker', '')));
  expect(await region.event('scalerFailed')).toMatchObject({ name: 'worker', error: 'AuthorizationPermissionMismatch' });
  while (region.queue.asked < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(region.events.filter((one) => one.type === 'scalerFailed')).toHaveLength(1);
});

it('tries a failed replica again up to the limit and then fails with its exit code', async () => {
  await region.containerApps.putJob(
    jobId('worker'),
    job(region.images.add('worker', 'process.exit(3)'), { configuration: { replicaRetryLimit: 1 }, triggerType: 'Manual' }),
  );
  region.containerApps.startJob('worker');
  expect(await region.event('jobEnded')).toMatchObject({ status: 'Failed', exitCode: 3 });
  const [execution] = region.containerApps.executions('worker');
  expect(execution?.attempts.map((one) => one.exitCode)).toEqual([3, 3]);
  expect(readdirSync(region.containerApps.logs('worker'))).toHaveLength(2);
});

it('ends a replica that runs longer than replicaTimeout', async () => {
  await region.containerApps.putJob(
    jobId('worker'),
    job(region.images.add('worker', 'setInterval(() => {}, 1000)'), {
      configuration: { replicaTimeout: 1, replicaRetryLimit: 3 },
      triggerType: 'Manual',
    }),
  );
  region.containerApps.startJob('worker');
  expect(await region.event('jobEnded')).toMatchObject({ status: 'Failed', reason: expect.stringContaining('replicaTimeout') });
  expect(region.containerApps.executions('worker')[0]?.attempts).toHaveLength(1);
});

it('refuses an image that is not there, a registry without credential and an identity that is not declared', async () => {
  await expect(region.containerApps.putJob(jobId('worker'), job(`${registryServer}/absent:2`))).rejects.toThrow('MANIFEST_UNKNOWN');
  const image = region.images.add('worker', '');
  await expect(region.containerApps.putJob(jobId('worker'), job(image, { configuration: { registries: [] } }))).rejects.toThrow(
    `no credential for ${registryServer}`,
  );
  await expect(
    region.containerApps.putJob(
      jobId('worker'),
      job(image, { configuration: { registries: [{ server: registryServer, identity: '/other' }] } }),
    ),
  ).rejects.toThrow('ManagedIdentityNotAssigned');
  expect(region.containerApps.hasJob(jobId('worker'))).toBe(false);
});

it('reports an execution that the region did not survive as failed', async () => {
  await region.containerApps.putJob(
    jobId('worker'),
    job(region.images.add('worker', 'setInterval(() => {}, 1000)'), { triggerType: 'Manual' }),
  );
  const name = region.containerApps.startJob('worker');
  const { directory } = region;
  await region.event('jobStarted');
  const store = readFileSync(join(directory, 'container-apps', 'executions.jsonl'));
  await region.close(true);
  writeFileSync(join(directory, 'container-apps', 'executions.jsonl'), store);
  region = await platform({ directory });
  expect(region.containerApps.executions('worker')).toMatchObject([{ name, status: 'Failed', reason: 'the region stopped while it ran' }]);
});

it('knows the sizes that Azure sells', () => {
  const sized = (cpu: number, memory: string) =>
    declarationFaults(job(`${registryServer}/worker:1`, { container: { resources: { cpu, memory } } }));
  expect(sized(0.5, '1Gi')).toEqual([]);
  expect(sized(0.5, '2Gi')).toHaveLength(1);
  expect(sized(0.3, '0.6Gi')).toHaveLength(1);
});
