import { randomUUID } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { EvidenceReader } from '../../../loop/evidenceReader';
import { regionCredential } from '../../../loop/regionCredential';
import { MonitorReader } from '../../../loop/monitorReader';
import { SiteConsole } from '../../../loop/siteConsole';
import { Releases } from '../../../loop/releases';
import { enrolSite } from '../../../deploy-programs/enrol-site/enrolSite';
import { registerDevice } from '../../../deploy-programs/register-device/registerDevice';
import type { FactoryRow } from '../../../components/access/roleMatrix';
import { connectDevice } from '../../../edge-sim/model-manager/hubConnection';
import { innermostErrors } from '../../../pipeline-code/clients/eventHubs';
import { urlSigner } from '../../../pipeline-code/delivery/signedUrl';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { deviceCertificate } from '../../local/support/deviceCertificate';
import { dropRaw, workspaceOf } from './programExercises';
import type { RunningStack } from './runningStack';
import type { Exercise } from './removal';

const waits = (start: () => Promise<unknown>, what: string): Exercise => ({ start, failed: () => what });
/** Work in this process that must be refused. */
function refused(work: () => Promise<unknown>, what: string): Exercise {
  let outcome: 'refused' | 'done' | undefined;
  return {
    start: async () =>
      void work().then(
        () => (outcome = 'done'),
        () => (outcome = 'refused'),
      ),
    failed: () => {
      if (outcome === 'done') throw new Error(`${what} although nobody may: the assignment is excess`);
      return outcome === 'refused' ? `${what}: refused` : undefined;
    },
  };
}
const storageIdOf = ({ region, outputs }: RunningStack, account: 'data' | 'edge') =>
  region.storage.accountByName(
    new URL(account === 'data' ? outputs.dataBlobEndpoint : outputs.edgeBlobEndpoint).pathname.replaceAll('/', ''),
  ) ?? '';

/** An event of the topic's source, of the kind that leads to a queue. */
export function topicExercise(running: RunningStack, { who, role, scope }: FactoryRow): Exercise {
  const { outputs, region } = running;
  const source = who === 'ml-events' ? workspaceOf(running) : storageIdOf(running, who === 'data-events' ? 'data' : 'edge');
  const publish = (container: string, blob: string, more: object = {}) =>
    region.eventGrid.publish(source, {
      eventType: 'Microsoft.Storage.BlobCreated',
      subject: `/blobServices/default/containers/${container}/blobs/${blob}`,
      data: { api: 'PutBlob', eTag: '0x1', contentLength: 1, url: 'https://x', sequencer: '1', blobType: 'BlockBlob', ...more },
    });
  const registered = (more: object = {}) =>
    region.eventGrid.publish(source, {
      eventType: 'Microsoft.MachineLearningServices.ModelRegistered',
      subject: `models/${outputs.modelName}:999999`,
      data: { ModelName: outputs.modelName, ModelVersion: 999_999, ModelTags: {}, ModelProperties: {}, ...more },
    });
  if (role === 'blobDataContributor') {
    // A queue takes no message of this size, so the event goes where undeliverable ones go.
    const large = { padding: 'x'.repeat(70_000) };
    const start = () =>
      who === 'ml-events'
        ? registered(large)
        : who === 'data-events'
          ? publish(outputs.rawContainer, 'proof.csv', large)
          : publish(outputs.packagedModelsContainer, 'proof.sha256', large);
    return waits(start, 'the undeliverable event is kept nowhere');
  }
  const events: Record<string, () => Promise<unknown>> = {
    'data-events queue/data-pipeline': () => dropRaw(running, { bad: true }),
    'data-events queue/model-development': () => publish(outputs.processedContainer, 'proof/none/manifest.json'),
    'edge-events queue/data-pipeline': () => publish(outputs.landingZoneContainer, 'inference/proof.manifest.json'),
    'edge-events queue/tag-and-deliver': () => publish(outputs.packagedModelsContainer, `${randomUUID()}/1/proof-edge_1.sha256`),
    'ml-events queue/validate-and-package': () => registered(),
  };
  const start = events[`${who} ${scope}`];
  if (!start) throw new Error(`there is no exercise for ${who} at ${scope}`);
  return waits(start, 'the event does not reach its queue');
}

/** The hub hands a device's message on as its own identity. */
export async function hubExercise(running: RunningStack): Promise<Exercise> {
  const hub = running.resources.find(({ id }) => /\/Microsoft\.Devices\/IotHubs\/[^/]+$/i.test(id));
  const certificate = await deviceCertificate('proof');
  running.region.iotHub.devices.put(
    hub?.id ?? '',
    'proof',
    {
      deviceId: 'proof',
      status: 'enabled',
      authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: certificate.sha256 } },
    },
    undefined,
  );
  const device = await connectDevice({ host: running.outputs.iotHubHost, deviceId: 'proof', keyPair: async () => certificate });
  return {
    start: () => device.sendEvent({ properties: { type: 'state', deliveryId: randomUUID() }, body: '{}' }),
    failed: () => 'the message of the device waits in the hub',
    restore: async () => {
      await device.close();
      running.region.iotHub.devices.delete(hub?.id ?? '', 'proof', '*');
    },
  };
}

/** What Azure checks when an app is deployed: that its images can be pulled and its secrets read, as the app's identity. */
export function admissionExercise(running: RunningStack, container: string): Exercise {
  const { id } = running.appWith(container);
  const declaration = running.region.containerApps['appDeclarations'].get(id.toLowerCase());
  if (!declaration) throw new Error(`${id} is not deployed`);
  return refused(() => running.region.containerApps.putApp(id, declaration), `the app with ${container} is deployed`);
}

/** A signed link is worth what its signer may read: the download with a link that the delivery program's identity signs. */
export async function linkExercise(running: RunningStack): Promise<Exercise> {
  const { region, outputs } = running;
  const assignment = region.context.roles
    .all()
    .find(
      ({ scope, roleDefinitionId }) =>
        scope === storageIdOf(running, 'edge') && roleDefinitionId.endsWith('db58b8e5-c6ad-4a2a-8342-4190687cbf4a'),
    );
  const delivery = region.entra.find({ objectId: assignment?.principalId ?? '' });
  if (!delivery) throw new Error('nobody may sign links');
  const { url } = await urlSigner(
    new BlobServiceClient(outputs.edgeBlobEndpoint, regionCredential(region, delivery)),
    outputs.packagedModelsContainer,
    600_000,
  )((await running.delivery()).packageBlob, new Date());
  return refused(async () => {
    const response = await fetch(url);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the download answered ${response.status}`);
  }, 'the package is downloaded');
}

/** The delivery waits for a person again, who then approves it. */
export async function approverExercise(running: RunningStack): Promise<Exercise> {
  const before = await running.delivery();
  await running.writeDelivery({ ...before, state: 'AwaitingApproval', history: [] });
  const releases = Releases.of(running.outputs, regionCredential(running.region, running.approver));
  const exercise = refused(
    () => releases.decide(before.deliveryId, { approved: true, by: 'approver of the proof' }, new Date()),
    'the delivery is approved',
  );
  return { ...exercise, restore: () => running.writeDelivery(before) };
}

/** The site signs in with its certificate: telemetry comes by itself, inference data when the line runs. */
export async function siteExercise(running: RunningStack, { scope }: FactoryRow): Promise<Exercise> {
  if (scope !== 'edge/landing-zone') return waits(async () => undefined, 'telemetry waits at the site');
  const site = await SiteConsole.connect(running.outputs.databusPort);
  return {
    start: () => site.runLine({ kind: 'simulate', samples: 40, intervalMs: 0, fault: 'none' }, 20_000),
    failed: () => 'the batch waits at the site',
    restore: () => site.close(),
  };
}

/** The commands of the deployment, as whoever deploys. */
export function deployerExercise(running: RunningStack, { role }: FactoryRow): Exercise {
  const { region, outputs, resources } = running;
  const credential = regionCredential(region, region.entra.deployer);
  if (role === 'iotHubRegistryContributor') {
    return refused(
      () =>
        registerDevice.update(
          {
            IOT_HUB_HOST: outputs.iotHubHost,
            DEVICE_ID: outputs.deviceId,
            PRIMARY_THUMBPRINT: 'A'.repeat(64),
            ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
          },
          credential,
        ),
      'the device is registered',
    );
  }
  const vault = resources.map(({ id }) => region.keyVault.vault(id)).find((one) => one?.name.includes('site'));
  return refused(
    () =>
      enrolSite.certificate(
        {
          VAULT_URI: (vault?.vaultUri ?? '').replace(/\/$/, ''),
          SECRET_NAME: 'device-certificate',
          DEVICE_ID: outputs.deviceId,
          CERTIFICATE_SERIAL: '1',
          ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
          VAULT_DISABLE_CHALLENGE_VERIFICATION: 'true',
        },
        credential,
      ),
    'the certificate of the site is kept',
  );
}

/** What reads the evidence, through the same code as the loop's report. */
export function readerExercise(running: RunningStack, { role, scope }: FactoryRow): Exercise {
  const { outputs, region, report } = running;
  const who: Principal = region.principal('reader');
  const reader = new EvidenceReader(outputs, regionCredential(region, who));
  const monitor = new MonitorReader(outputs, regionCredential(region, who));
  const since = new Date(report.startedAt);
  const [kind, name = ''] = scope.split('/');
  const reads: Record<string, () => Promise<unknown>> = {
    'blobDataReader data': () => reader.manifest(since, () => true),
    'blobDataReader edge': () => reader.list(reader.container('edge', outputs.packagedModelsContainer), ''),
    'blobDataReader ml': () => reader.blob(reader.container('ml', outputs.modelsContainer), 'any'),
    'reader ml-workspace': () => reader.trainingJob('any'),
    'reader job': () => reader.jobRuns(name, since),
    'acrPull registry': () => reader.artifact(outputs.modelRepository, '1'),
    'monitoringReader app-insights': () => monitor.idsOf('any'),
    'monitoringDataReader metrics-workspace': () => monitor.series('factory_loop_any', {}),
    'eventHubsDataReceiver event-hub': async () => {
      const consumer = new EvidenceReader(outputs, regionCredential(region, who));
      consumer.listen(since);
      try {
        await consumer['events']?.getPartitionIds();
      } catch (error) {
        throw new Error(
          innermostErrors(error)
            .map(({ message }) => message)
            .join(),
          { cause: error },
        );
      } finally {
        await consumer.close();
      }
    },
  };
  const read = reads[`${role} ${kind ?? ''}`];
  if (!read) throw new Error(`there is no exercise for the reader's ${role} at ${scope}`);
  return refused(read, 'the evidence is read');
}

export function rawWriterExercise({ region, outputs }: RunningStack): Exercise {
  const writer = new EvidenceReader(outputs, regionCredential(region, region.principal('raw-writer'))).container(
    'data',
    outputs.rawContainer,
  );
  return refused(() => writer.getBlockBlobClient(`${outputs.dataset}/proof-of-nobody.csv`).upload('x', 1), 'a raw file is dropped');
}
