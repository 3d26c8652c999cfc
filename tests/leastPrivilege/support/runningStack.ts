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
import type { JobName, QueueName } from '../../../components/configuration/pipelineJobs';
import { assignRole } from '../../local/support/principals';
import { until } from '../../local/support/testRegion';
import { queueEvent, type QueueEvent } from '../../support/queueEvents';
import { projectRoot } from '../../support/projectRoot';

const local = join(projectRoot, '.local', 'least-privilege');

/** The running default stack, with an approver and a smoke tester listed besides, after one closed round: data version, model and package are there. */
export interface RunningStack {
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
  sendEvent(queue: QueueName, event: QueueEvent): Promise<void>;
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
const queues: readonly QueueName[] = ['data-pipeline', 'model-development', 'validate-and-package', 'tag-and-deliver', 'delivery'];

type ClosedLoop = Pick<RunningStack, 'report' | 'region' | 'outputs' | 'resources'>;
/** Deploys the default stack and lets one round of the loop close; it goes on running until it is ended. */
async function closeLoop(directory: string): Promise<ClosedLoop & { end(): Promise<void> }> {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let running: Promise<LoopReport> | undefined;
  const closed = new Promise<ClosedLoop>((resolve, reject) => {
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
  });
  return {
    ...(await closed),
    async end() {
      finish();
      await running;
    },
  };
}

/** Each is somebody of their own, so that their roles stand in for nobody's of the default stack. */
function listedPeople({ region, resources }: ClosedLoop): Pick<RunningStack, 'approver' | 'smokeTester'> {
  const [approver, smokeTester] = [region.principal('approver'), region.principal('smoke-tester')];
  // Who runs a smoke test is a reader and a raw writer besides, by rows of their own.
  for (const { name, id } of resources) {
    const assignment = /^(?:reader|raw-writer)-[0-9a-f]{8}-/.test(name) ? region.context.roles.assignment(id) : undefined;
    if (assignment) region.context.roles.assign({ ...assignment, id: `${assignment.id}-smoke`, principalId: smokeTester.objectId });
  }
  return { approver, smokeTester };
}

/** Role assignments of the default stack, as its plan has them. */
async function plannedAssignments(region: LocalRegion, directory: string, people: object): Promise<readonly PlannedResource[]> {
  const configuration = localConfiguration(region.cloud, {
    rounds: 1,
    dataset: {},
    sampleIntervalMs,
    ports: await sitePorts(directory),
    reader: region.principal('reader'),
    rawWriter: region.principal('raw-writer'),
    ...people,
  });
  const { resources } = await plannedStack({ project, stack: 'local', configuration, secretKeys: [] }, { preview: false });
  return resources.filter(({ type }) => type === 'azure-native:authorization:RoleAssignment');
}

/** Storage and queues for the test itself, under roles of its own. */
function operatorClients({
  region,
  outputs,
}: ClosedLoop): Pick<RunningStack, 'container' | 'send' | 'sendEvent' | 'clearQueues' | 'delivery' | 'writeDelivery'> {
  const operator = region.principal('operator of the proof');
  const accounts = {
    data: new URL(outputs.dataBlobEndpoint).pathname.replaceAll('/', ''),
    edge: new URL(outputs.edgeBlobEndpoint).pathname.replaceAll('/', ''),
  };
  for (const account of Object.values(accounts))
    for (const role of [queueDataContributor, blobDataContributor])
      assignRole(region.context, operator, role, region.storage.accountByName(account) ?? '');
  const credential = regionCredential(region, operator);
  const blobs = {
    data: new BlobServiceClient(outputs.dataBlobEndpoint, credential),
    edge: new BlobServiceClient(outputs.edgeBlobEndpoint, credential),
  };
  const queueService = new QueueServiceClient(region.storage.endpoints(accounts.data).queue, credential);
  const deliveries = blobs.data.getContainerClient(outputs.deliveriesContainer);
  const send = async (queue: QueueName, message: unknown) =>
    void (await queueService.getQueueClient(queue).sendMessage(encodeQueueMessage(message)));
  return {
    send,
    container: (account, name) => blobs[account].getContainerClient(name),
    sendEvent: (queue, event) => send(queue, queueEvent(event)),
    clearQueues: async () => void (await Promise.all(queues.map((name) => queueService.getQueueClient(name).clearMessages()))),
    delivery: async () => {
      for await (const { name } of deliveries.listBlobsFlat())
        return JSON.parse((await deliveries.getBlobClient(name).downloadToBuffer()).toString('utf8')) as DeliveryRecord;
      throw new Error('there is no delivery');
    },
    writeDelivery: async (record) =>
      void (await deliveries.getBlockBlobClient(`${record.deliveryId}.json`).uploadData(Buffer.from(JSON.stringify(record)))),
  };
}

/** Deploys the default stack, lets one round of the loop close and keeps everything running. */
export async function startStack(): Promise<RunningStack> {
  rmSync(local, { recursive: true, force: true });
  const directory = join(local, 'region');
  process.env[regionMarker] = directory;
  const { end, ...closed } = await closeLoop(directory);
  const { region, outputs, resources } = closed;
  const people = listedPeople(closed);
  const events: ContainerAppsEvent[] = [];
  const stopListening = region.containerApps.onEvent((event) => void events.push(event));
  return {
    ...closed,
    ...people,
    ...operatorClients(closed),
    directory: local,
    planned: (stack) => plannedAssignments(region, directory, stack === 'default' ? {} : people),
    events,
    reader: new EvidenceReader(outputs, regionCredential(region, region.principal('reader'))),
    runs: (job) => region.containerApps.executions(outputs.jobs[job] ?? job),
    appWith: (container) => {
      const found = region.containerApps.state().apps.find(({ containers }) => containers.some((one) => one.container === container));
      const resource = resources.find(({ id }) => id.endsWith(`/containerApps/${found?.name ?? ''}`));
      if (!resource) throw new Error(`no app of the stack has a container ${container}`);
      return resource;
    },
    async end() {
      stopListening();
      await end();
    },
  };
}

/** No job of the loop runs or is about to. */
export async function waitForJobsToEnd({ region, clearQueues }: RunningStack): Promise<void> {
  const busy = () => region.containerApps.state().jobs.some(({ running }) => running.length > 0);
  await clearQueues();
  await until(() => !busy(), 'the end of all jobs', 90_000);
  await clearQueues();
}
