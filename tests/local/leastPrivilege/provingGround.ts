import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { EvidenceReader } from '../../../loop/evidenceReader';
import { regionMarker } from '../../../contracts/regionMarker';
import { localConfiguration, project, sitePorts } from '../../../loop/localConfiguration';
import { runLocalLoop } from '../../../loop/localLoop';
import { regionCredential } from '../../../loop/regionCredential';
import { replayStretches } from '../../../loop/replayStretches';
import type { LoopReport } from '../../../loop/report';
import { simulatedRawFiles } from '../../../loop/simulatedRawFiles';
import { plannedStack } from '../../../plan/plannedStack';
import type { PlannedResource } from '../../../plan/recordProgram';
import type { DeliveryRecord } from '../../../contracts/deliveryRecord';
import { encodeQueueMessage } from '../../../contracts/eventGrid';
import type { StackOutputs } from '../../../contracts/stackOutputs';
import type { JobExecution } from '../../../local-azure/container-apps/jobExecution';
import type { ContainerAppsEvent } from '../../../local-azure/container-apps/containerApps';
import type { DeployedResource } from '../../../local-azure/provider/host';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import type { LocalRegion } from '../../../local-azure/localRegion';
import type { JobName, QueueName } from '../../../components/access/roleMatrix';
import { until } from '../messaging';
import { projectRoot } from '../../support/projectRoot';

const local = join(projectRoot, '.local', 'least-privilege');

/** The running default stack, with an approver and a smoke tester listed besides, after one closed round: data version, model and package are there. */
export interface ProvingGround {
  readonly approver: Principal;
  readonly smokeTester: Principal;
  /** For files of the proof. */
  readonly directory: string;
  /** Role assignments that `plan --json` shows of the default stack, or of the one with listed people. */
  planned(stack: 'default' | 'with listed people'): Promise<readonly PlannedResource[]>;
  readonly report: LoopReport;
  readonly region: LocalRegion;
  readonly outputs: StackOutputs;
  readonly resources: readonly DeployedResource[];
  /** May put what starts a program where it belongs; its roles are the test's own. */
  readonly container: (account: 'data' | 'edge', name: string) => ReturnType<BlobServiceClient['getContainerClient']>;
  send(queue: QueueName, message: unknown): Promise<void>;
  sendEvent(queue: QueueName, event: { readonly eventType: string; readonly subject: string; readonly data: unknown }): Promise<void>;
  clearQueues(): Promise<void>;
  readonly reader: EvidenceReader;
  runs(job: JobName): readonly JobExecution[];
  readonly events: readonly ContainerAppsEvent[];
  /** Deployed apps by a container of theirs. */
  appWith(container: string): { readonly id: string };
  delivery(): Promise<DeliveryRecord>;
  writeDelivery(record: DeliveryRecord): Promise<void>;
  end(): Promise<void>;
}

const sampleIntervalMs = 1_000;
const queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88';
const blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe';
export const queues: readonly QueueName[] = ['data-pipeline', 'model-development', 'validate-and-package', 'tag-and-deliver', 'delivery'];
const messageEventOf = (event: { readonly eventType: string; readonly subject: string; readonly data: unknown }) => ({
  id: 'proof',
  topic: 'proof',
  eventTime: new Date().toISOString(),
  dataVersion: '',
  metadataVersion: '1',
  ...event,
});
export const blobCreated = (container: string, blob: string) => ({
  eventType: 'Microsoft.Storage.BlobCreated',
  subject: `/blobServices/default/containers/${container}/blobs/${blob}`,
  data: { api: 'PutBlob', eTag: '0x1', contentLength: 1, url: 'https://x', sequencer: '1', blobType: 'BlockBlob' },
});

/** Deploys the default stack, lets one round of the loop close and keeps everything running. */
export async function startProvingGround(): Promise<ProvingGround> {
  rmSync(local, { recursive: true, force: true });
  const directory = join(local, 'region');
  process.env[regionMarker] = directory;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let running: Promise<LoopReport> | undefined;
  const ready = new Promise<{ report: LoopReport; region: LocalRegion; outputs: StackOutputs; resources: readonly DeployedResource[] }>(
    (resolve, reject) => {
      running = runLocalLoop({
        directory,
        rounds: 1,
        keep: true,
        listed: ['approver', 'smoke-tester'],
        rawFiles: simulatedRawFiles(join(local, 'raw')),
        signal: new AbortController().signal,
        sampleIntervalMs,
        dataset: {},
        program: async () => (await import('../../../index')).default as unknown as Record<string, unknown>,
        replay: replayStretches(true, {}),
        events: { phase: () => undefined, waiting: () => undefined, step: () => undefined },
        whileRunning: async (report, region, outputs, resources) => {
          resolve({ report, region, outputs, resources });
          await finished;
        },
      });
      void running.then((report) =>
        reject(new Error(`the loop ended before it could be used: ${report.error ?? JSON.stringify(report.steps.at(-1))}`)),
      );
    },
  );
  const { report, region, outputs, resources } = await ready;

  const operator = region.principal('operator of the proof');
  const accounts = {
    data: new URL(outputs.dataBlobEndpoint).pathname.replaceAll('/', ''),
    edge: new URL(outputs.edgeBlobEndpoint).pathname.replaceAll('/', ''),
  };
  for (const account of Object.values(accounts)) {
    const scope = region.storage.accountByName(account) ?? '';
    for (const role of [queueDataContributor, blobDataContributor]) {
      region.context.roles.assign({
        id: `${scope}/providers/Microsoft.Authorization/roleAssignments/proof-${role}`,
        scope,
        roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        principalId: operator.objectId,
        principalType: 'ServicePrincipal',
      });
    }
  }
  // Each is somebody of their own, so that their roles stand in for nobody's of the default stack.
  const [approver, smokeTester] = [region.principal('approver'), region.principal('smoke-tester')];
  // Who runs a smoke test is a reader and a raw writer besides, by rows of their own.
  for (const { name, id } of resources) {
    const assignment = /^(?:reader|raw-writer)-[0-9a-f]{8}-/.test(name) ? region.context.roles.assignment(id) : undefined;
    if (assignment) region.context.roles.assign({ ...assignment, id: `${assignment.id}-smoke`, principalId: smokeTester.objectId });
  }
  const credential = regionCredential(region, operator);
  const blobs = {
    data: new BlobServiceClient(outputs.dataBlobEndpoint, credential),
    edge: new BlobServiceClient(outputs.edgeBlobEndpoint, credential),
  };
  const queueService = new QueueServiceClient(region.storage.endpoints(accounts.data).queue, credential);
  const events: ContainerAppsEvent[] = [];
  const stopListening = region.containerApps.onEvent((event) => void events.push(event));
  const deliveries = blobs.data.getContainerClient(outputs.deliveriesContainer);
  const send = async (queue: QueueName, message: unknown) =>
    void (await queueService.getQueueClient(queue).sendMessage(encodeQueueMessage(message)));
  return {
    directory: local,
    approver,
    smokeTester,
    planned: async (stack) => {
      const people = {
        reader: region.principal('reader'),
        rawWriter: region.principal('raw-writer'),
        ...(stack === 'default' ? {} : { approver, smokeTester }),
      };
      const configuration = localConfiguration(region.cloud, {
        rounds: 1,
        dataset: {},
        sampleIntervalMs,
        ports: await sitePorts(directory),
        ...people,
      });
      const { resources: declared } = await plannedStack({ project, stack: 'local', configuration, secretKeys: [] }, { preview: false });
      return declared.filter(({ type }) => type === 'azure-native:authorization:RoleAssignment');
    },
    report,
    region,
    outputs,
    resources,
    events,
    send,
    reader: new EvidenceReader(outputs, regionCredential(region, region.principal('reader'))),
    container: (account, name) => blobs[account].getContainerClient(name),
    sendEvent: (queue, event) => send(queue, messageEventOf(event)),
    clearQueues: async () => void (await Promise.all(queues.map((name) => queueService.getQueueClient(name).clearMessages()))),
    runs: (job) => region.containerApps.executions(outputs.jobs[job] ?? job),
    appWith: (container) => {
      const found = region.containerApps.state().apps.find(({ containers }) => containers.some((one) => one.container === container));
      const resource = resources.find(({ id }) => id.endsWith(`/containerApps/${found?.name ?? ''}`));
      if (!resource) throw new Error(`no app of the stack has a container ${container}`);
      return resource;
    },
    delivery: async () => {
      for await (const { name } of deliveries.listBlobsFlat())
        return JSON.parse((await deliveries.getBlobClient(name).downloadToBuffer()).toString('utf8')) as DeliveryRecord;
      throw new Error('there is no delivery');
    },
    writeDelivery: async (record) =>
      void (await deliveries.getBlockBlobClient(`${record.deliveryId}.json`).uploadData(Buffer.from(JSON.stringify(record)))),
    async end() {
      stopListening();
      finish();
      await running;
    },
  };
}

/** No job of the loop runs or is about to. */
export async function atRest({ region, clearQueues }: ProvingGround): Promise<void> {
  const busy = () => region.containerApps.state().jobs.some(({ running }) => running.length > 0);
  await clearQueues();
  await until(() => !busy(), 'the end of all jobs', 90_000);
  await clearQueues();
}
