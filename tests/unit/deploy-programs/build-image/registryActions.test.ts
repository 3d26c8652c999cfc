import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { registryActions } from '../../../../deploy-programs/build-image/registryActions';
import { projectRoot } from '../../../support/projectRoot';

const sources = globSync('deploy-programs/**/*.ts', { cwd: projectRoot }).map((file) => readFileSync(join(projectRoot, file), 'utf8'));
/** Every call to Resource Manager that a program of the deployment makes, as group and method of its client. */
const called = [
  ...new Set(
    sources.flatMap((source) =>
      [...source.matchAll(/\bclient\s*\.(registries|runs)\s*\.(\w+)\(/g)].map(([, group, name]) => `${group}.${name}`),
    ),
  ),
];

/** Enough for every call to be sent. */
const request = { source: { sourceImage: 'image' }, type: 'DockerBuildRequest', dockerFilePath: 'Dockerfile', platform: { os: 'Linux' } };

/** The action that a call asks for, by the request that the client sends. */
async function actionOf(call: string): Promise<string> {
  const sent: string[] = [];
  const client = new ContainerRegistryManagementClient(
    { getToken: async () => ({ token: 't', expiresOnTimestamp: Infinity }) },
    '11111111-1111-4111-8111-111111111111',
    {
      retryOptions: { maxRetries: 0 },
      httpClient: {
        sendRequest: ({ method, url }) => {
          sent.push(`${method} ${new URL(url).pathname}`);
          return Promise.reject(new Error('nobody is asked'));
        },
      },
    },
  );
  const [group = '', name = ''] = call.split('.');
  const operations = (client as unknown as Record<string, Record<string, (...given: unknown[]) => Promise<unknown>>>)[group];
  await operations?.[name]?.('group', 'registry', group === 'runs' ? 'run' : request).catch(() => undefined);
  const [method = '', path = ''] = (sent[0] ?? '').split(' ');
  const type = path.replace(/.*\/providers\/([^/]+)\/registries\/registry/, '$1/registries').replace('/runs/run', '/runs');
  return `${type}/${{ GET: 'read', POST: 'action', PUT: 'write', PATCH: 'write', DELETE: 'delete' }[method] ?? method}`;
}

it('the actions that the deployer is said to need are those that its programs ask for', async () => {
  expect(called).toContain('registries.beginImportImageAndWait');
  expect((await Promise.all(called.map(actionOf))).sort()).toEqual([...registryActions].sort());
});

it('no program of the deployment has another client of Resource Manager', () => {
  const clients = sources.flatMap((source) => [...source.matchAll(/'(@azure\/arm-[\w-]+)'/g)].map(([, name]) => name));
  expect([...new Set(clients)]).toEqual(['@azure/arm-containerregistry']);
});
