import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientCertificateCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { connectAsync } from 'mqtt';
import { bundleAll } from '../../bundles/bundlePrograms';
import { regionMarker } from '../../contracts/regionMarker';
import { endProcessesOf } from '../../loop/regionProcesses';
import { localConfiguration, project, sitePorts } from '../../loop/localConfiguration';
import { regionCredential } from '../../loop/regionCredential';
import type { ModelManagerDocument, ModelMonitorDocument } from '../../contracts/siteDocuments';
import type { StackOutputs } from '../../contracts/stackOutputs';
import type { Deployment } from '../../local-azure/provider/host';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { LocalRegion } from '../../local-azure/localRegion';
import { until } from '../local/support/testRegion';

/** The real program with `siteDocuments.keyVault` and no simulated site, in a region of its own. */
let directory: string;
let region: LocalRegion;
let deployed: Deployment;
let outputs: StackOutputs & { readonly siteDocuments: { readonly modelManager: string; readonly modelMonitor: string } };
let engineer: Principal;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'site-documents-stack-'));
  process.env[regionMarker] = directory;
  await bundleAll();
  region = await LocalRegion.start(directory);
  engineer = region.principal('engineer');
  const configuration = localConfiguration(region.cloud, {
    rounds: 1,
    dataset: {},
    sampleIntervalMs: 1_000,
    ports: await sitePorts(directory),
    reader: region.principal('reader'),
    rawWriter: region.principal('raw-writer'),
  });
  deployed = await region.deploy({
    program: async () => (await import('../../index')).default as unknown as Record<string, unknown>,
    project,
    stack: 'local',
    onResource: () => undefined,
    configuration: {
      ...configuration,
      [`${project}:edgeSite`]: JSON.stringify({ enabled: false }),
      [`${project}:siteDocuments`]: JSON.stringify({
        keyVault: true,
        suffix: 'ab12cd',
        engineers: [{ principalId: engineer.objectId, principalType: 'ServicePrincipal' }],
      }),
    },
  });
  outputs = deployed.outputs as unknown as typeof outputs;
}, 300_000);
afterAll(async () => {
  await region.stop();
  endProcessesOf(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}, 60_000);

const secrets = (who: Principal) =>
  new SecretClient(new URL(outputs.siteDocuments.modelManager).origin, regionCredential(region, who), {
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 0 },
  });
const nameOf = (uri: string) => uri.split('/').pop() ?? '';
const asEngineer = async <T>(uri: string) => JSON.parse((await secrets(engineer).getSecret(nameOf(uri))).value ?? '') as T;
const otherSecrets = () => ['device-certificate', `ModelManager-${outputs.deviceId}-ab12cd`, `AuthProxy-${outputs.deviceId}-ab12cd`];

it('the documents lie in the vault under their names, without a simulated site', () => {
  expect(nameOf(outputs.siteDocuments.modelManager)).toBe(`Model-Manager-${outputs.deviceId}-Configuration-ab12cd`);
  expect(nameOf(outputs.siteDocuments.modelMonitor)).toBe(`Model-Monitor-${outputs.deviceId}-Configuration-ab12cd`);
  expect(deployed.resources.filter(({ name }) => name === 'edge-site')).toEqual([]);
});

it('an AI Model Manager connects to the hub of the stack with its document alone', async () => {
  const manager = await asEngineer<ModelManagerDocument>(outputs.siteDocuments.modelManager);
  expect(manager.ca_cert.trim()).toBe(region.context.tls.ca.trim());
  const client = await connectAsync(
    manager.endpoint.replace(/^tls:/, 'mqtts:'),
    {
      ca: manager.ca_cert,
      cert: manager.x509_certificate,
      key: manager.x509_private_key,
      clientId: manager.client_id,
      username: manager.username,
      protocolVersion: 4,
      clean: false,
      reconnectPeriod: 0,
    },
    false,
  );
  const routed = jest.spyOn(region.eventHubs, 'send');
  try {
    await client.publishAsync(`${manager.topic_prefix}/messages/events/type=state&%24.mid=from-the-document`, '{"state":"Received"}', {
      qos: 1,
    });
    await until(
      () => routed.mock.calls.some(([, event]) => event.systemProperties['message_id'] === 'from-the-document'),
      'the message in the event hub',
    );
  } finally {
    routed.mockRestore();
    await client.endAsync();
  }
});

it('an AI Model Monitor signs in with its document and sends telemetry', async () => {
  const monitor = await asEngineer<ModelMonitorDocument>(outputs.siteDocuments.modelMonitor);
  const credential = new ClientCertificateCredential(
    monitor.TenantId,
    monitor.ClientId,
    { certificate: monitor.PrivateKey },
    { authorityHost: region.entra.authorityHost, disableInstanceDiscovery: true },
  );
  const { token } = await credential.getToken('https://monitor.azure.com/.default');
  const envelope = {
    name: 'Message',
    time: new Date().toISOString(),
    iKey: monitor.InstrumentationKey,
    data: { baseType: 'MessageData', baseData: { ver: 2, message: 'm', properties: {} } },
  };
  const answer = await fetch(new URL('v2.1/track', monitor.IngestionEndpoint), {
    method: 'POST',
    body: JSON.stringify([envelope]),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  });
  expect(await answer.json()).toMatchObject({ itemsAccepted: 1 });
});

it('the engineer is refused every other secret of the vault, and may change none', async () => {
  for (const name of otherSecrets()) await expect(secrets(engineer).getSecret(name)).rejects.toMatchObject({ statusCode: 403 });
  await expect(secrets(engineer).listPropertiesOfSecrets().next()).rejects.toMatchObject({ statusCode: 403 });
  await expect(secrets(engineer).setSecret(nameOf(outputs.siteDocuments.modelManager), '{}')).rejects.toMatchObject({ statusCode: 403 });
});

it('nobody else reads the documents: of all who have a role in the stack, only the engineer and whoever deploys', async () => {
  const holders = [...new Set(region.context.roles.all().map(({ principalId }) => principalId))]
    .map((objectId) => region.entra.find({ objectId }))
    .filter((one) => one !== undefined);
  expect(holders.length).toBeGreaterThan(10);
  const readers = new Set<string>();
  for (const who of holders) {
    for (const uri of Object.values(outputs.siteDocuments)) {
      await secrets(who)
        .getSecret(nameOf(uri))
        .then(
          () => readers.add(who.objectId),
          (error: { statusCode?: number }) => {
            if (error.statusCode !== 403) throw error;
          },
        );
    }
  }
  expect([...readers].sort()).toEqual([engineer.objectId, region.entra.deployer.objectId].sort());
}, 60_000);

it('no key is in what the engine would keep, nor in what the commands said', () => {
  const kept = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && (/provider/.test(one.parentPath) || /\.log$/.test(one.name)))
    .map((one) => readFileSync(join(one.parentPath, one.name), 'utf8'));
  expect(kept.some((text) => text.includes('site-documents'))).toBe(true);
  expect(kept.filter((text) => text.includes('PRIVATE KEY'))).toEqual([]);
  expect(JSON.stringify(deployed.outputs)).not.toContain('PRIVATE KEY');
});
