import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FactoryRow } from '../../../components/access/roleMatrix';
import type { JobName } from '../../../components/configuration/pipelineJobs';
import { digestFileName, packageFolder } from '../../../contracts/edgePackage';
import { simulateCsv } from '../../../edge-sim/production-line/machine';
import type { CommandJobBody } from '../../../local-azure/machine-learning/bodies';
import { blobCreated } from '../../support/queueEvents';
import { waitForJobsToEnd, type RunningStack } from './runningStack';
import type { Exercise } from './removal';

/** Two looks of a scaler at its queue. */
const scalerPollsMs = 2_500;
let last = 0;
/** Something new at each call: a file, a version, a job that nobody has seen. */
const next = () => ++last;

export const workspaceOf = ({ resources }: RunningStack): string =>
  resources.find(({ id }) => /\/Microsoft\.MachineLearningServices\/workspaces\/[^/]+$/i.test(id))?.id ?? '';
const isQueueReader = ({ role, scope }: FactoryRow) => role === 'queueDataReader' && scope.startsWith('queue/');

/** New raw data: what every run of the data pipeline begins with. A bad file goes to quarantine. */
export async function dropRaw(running: RunningStack, { bad = false } = {}): Promise<void> {
  const number = next();
  const csv = simulateCsv({ seed: 100 + number, startTime: new Date(Date.UTC(2026, 4, number)), periodMs: 1_000, samples: 600 });
  await running
    .container('data', running.outputs.rawContainer)
    .getBlockBlobClient(`${running.outputs.dataset}/proof-${number}.csv`)
    .uploadData(Buffer.from(bad ? `name;colour\na;${number}\n` : csv));
}

/** A new candidate in the catalog with the files of the model that is there. Its registration is not announced. */
function newCandidate(running: RunningStack): string {
  const { machineLearning } = running.region;
  const workspace = workspaceOf(running);
  const [model] = machineLearning.assets.versions(workspace, 'models', running.outputs.modelName);
  const version = String(1_000 + next());
  const { dataVersion, dataset, trainingJob, sourceCommit } = model?.properties['tags'] as Record<string, string>;
  machineLearning.assets.putVersion(
    workspace,
    'models',
    running.outputs.modelName,
    version,
    { ...model?.properties, tags: { stage: 'candidate', dataVersion, dataset, trainingJob, sourceCommit } },
    'proof',
  );
  return version;
}

const starts: Record<JobName, (running: RunningStack, row: FactoryRow) => Promise<void>> = {
  'data-pipeline': (running, { scope }) => dropRaw(running, { bad: scope === 'data/quarantine' }),
  'model-development': async (running) => {
    const { dataset, dataVersion } = dataVersionOf(running);
    await running.sendEvent(
      'model-development',
      blobCreated(running.outputs.processedContainer, `${dataset}/${dataVersion}/manifest.json`),
    );
  },
  'validate-and-package': async (running) => {
    const version = newCandidate(running);
    await running.sendEvent('validate-and-package', {
      eventType: 'Microsoft.MachineLearningServices.ModelRegistered',
      subject: `models/${running.outputs.modelName}:${version}`,
      data: { ModelName: running.outputs.modelName, ModelVersion: Number(version), ModelTags: {}, ModelProperties: {} },
    });
  },
  'tag-and-deliver': async (running, { role }) => {
    const record = await running.delivery();
    // The message to the delivery program is sent for a delivery that is open still.
    if (role === 'queueMessageSender') await running.writeDelivery({ ...record, state: 'Opened' });
    await running.sendEvent(
      'tag-and-deliver',
      blobCreated(
        running.outputs.packagedModelsContainer,
        `${packageFolder(record.packageId, record.packageVersion)}/${digestFileName(record.packageName, record.packageVersion)}`,
      ),
    );
  },
};
const dataVersionOf = ({ report }: RunningStack) => {
  const evidence = report.steps.find(({ id }) => id === '1b')?.evidence ?? {};
  const [dataset = ''] = String(evidence['blob']).split('/');
  return { dataset, dataVersion: String(evidence['dataVersion']) };
};

/** So many messages that the scaler asks for the queue's length; to the program, which may run and take them, they are nothing. */
async function fillQueue(running: RunningStack, job: JobName, asked: () => boolean): Promise<void> {
  for (let burst = 0; burst < 30 && !asked(); burst++) {
    await Promise.all(Array.from({ length: 40 }, () => running.send(job, { of: 'nobody' })));
    await sleep(300);
  }
}

/** A job starts, fails and its execution says so; without the right to read the queue's length it never starts. */
export async function jobExercise(running: RunningStack, job: JobName, row: FactoryRow): Promise<Exercise> {
  await waitForJobsToEnd(running);
  const record = job === 'tag-and-deliver' ? await running.delivery() : undefined;
  const eventsBefore = running.events.length;
  let known: ReadonlySet<string> = new Set();
  let startedAt = 0;
  return {
    start: async () => {
      known = new Set(running.runs(job).map(({ name }) => name));
      if (isQueueReader(row))
        await fillQueue(running, job, () =>
          running.events.slice(eventsBefore).some(({ type, name }) => type === 'scalerFailed' && name === running.outputs.jobs[job]),
        );
      else await starts[job](running, row);
      startedAt = performance.now();
    },
    failed: () => {
      if (isQueueReader(row)) {
        const events = running.events.slice(eventsBefore).filter(({ name }) => name === running.outputs.jobs[job]);
        const failure = events.findIndex(({ type }) => type === 'scalerFailed');
        if (failure >= 0 && events.slice(failure).some(({ type }) => type === 'jobStarted'))
          throw new Error(`${job} was started although its scaler cannot see the queue`);
        return failure >= 0 && performance.now() - startedAt > scalerPollsMs ? `the scaler of ${job} fails, nothing starts` : undefined;
      }
      // A second attempt finds the message gone for a while and nothing to do, so the first one counts.
      const attempts = running
        .runs(job)
        .filter(({ name, status }) => !known.has(name) && status !== 'Running')
        .flatMap(({ attempts: [first] }) => first ?? []);
      if (attempts.some(({ exitCode }) => exitCode === 0)) throw new Error(`${job} did its work without it: the assignment is excess`);
      return attempts.length > 0 ? `the execution of ${job} fails` : undefined;
    },
    restore: async () => {
      await waitForJobsToEnd(running);
      if (record) await running.writeDelivery(record);
    },
  };
}

/** The training job on the cluster, for a data version that nobody has trained on. */
export async function trainExercise(running: RunningStack): Promise<Exercise> {
  const { machineLearning } = running.region;
  const workspace = workspaceOf(running);
  const number = next();
  const { dataset, dataVersion } = dataVersionOf(running);
  const processed = running.container('data', running.outputs.processedContainer);
  const manifest = JSON.parse(
    (await processed.getBlobClient(`${dataset}/${dataVersion}/manifest.json`).downloadToBuffer()).toString('utf8'),
  ) as object;
  const path = `proof/${number}/data-version.json`;
  const name = `proof-${number}`;
  await processed
    .getBlockBlobClient(path)
    .uploadData(Buffer.from(JSON.stringify({ ...manifest, dataVersion: String(number).padStart(16, '0') })));
  const [model] = machineLearning.jobs.list(workspace);
  if (!model) throw new Error('no training job ran before');
  const { command, environmentId, computeId, experimentName, environmentVariables, identity, resources, limits } = model.properties;
  const body = {
    jobType: 'Command',
    command,
    environmentId,
    computeId,
    experimentName,
    identity,
    resources,
    limits,
    environmentVariables: { ...environmentVariables, MANIFEST_PATH: path, JOB_NAME: name },
    tags: {},
    properties: {},
  };
  const job = () => machineLearning.jobs.list(workspace).find((one) => one.name === name)?.properties.status;
  return {
    start: async () => void machineLearning.jobs.put(workspace, name, body as CommandJobBody, 'proof'),
    failed: () => {
      if (job() === 'Completed') throw new Error('the training did its work without it: the assignment is excess');
      return job() === 'Failed' ? 'the training job ends as Failed' : undefined;
    },
  };
}

/** The delivery program is always on; some of its calls come only with a new connection or a delivery under way. */
export async function deliveryExercise(running: RunningStack, row: FactoryRow): Promise<Exercise> {
  const { region } = running;
  const app = running.appWith('delivery');
  const before = await running.delivery();
  const again = async () => {
    const declaration = region.containerApps['appDeclarations'].get(app.id.toLowerCase());
    if (!declaration) throw new Error('the delivery program is not deployed');
    await region.containerApps.deleteApp(app.id);
    await region.containerApps.putApp(app.id, declaration);
  };
  const opened = () => running.send('delivery', { deliveryId: before.deliveryId });
  const exercise = (start: () => Promise<unknown>, what: string): Exercise => ({
    start,
    failed: () => what,
    restore: () => running.writeDelivery(before),
  });
  switch (`${row.role} ${row.scope}`) {
    case 'queueMessageProcessor queue/delivery':
      return exercise(opened, 'no delivery is opened');
    case 'blobDataContributor data/deliveries':
      return exercise(opened, 'the record is not read');
    case 'blobDataContributor data/checkpoints':
      return exercise(again, 'no partition is claimed');
    case 'eventHubsDataReceiver event-hub':
      return exercise(again, 'nothing of the device is heard');
    case 'cloudToDeviceSender iot-hub':
      return exercise(async () => {
        await running.writeDelivery({
          ...before,
          state: 'Opened',
          history: [],
          updatedAt: new Date().toISOString(),
          openedAt: new Date().toISOString(),
        });
        await opened();
      }, 'the delivery is not announced');
    case 'blobDelegator edge': {
      // A key for signing is kept for an hour, so the program starts anew; then the device asks for the link.
      await running.writeDelivery({
        ...before,
        state: 'NewDelivery',
        history: [],
        updatedAt: new Date().toISOString(),
        openedAt: new Date().toISOString(),
      });
      await again();
      await sleep(1_500);
      return exercise(async () => {
        const hub = running.resources.find(({ type }) => type.endsWith(':EventHub'));
        const sender = region.entra.find({
          objectId:
            region.context.roles
              .all()
              .find((one) => one.scope === hub?.id && one.roleDefinitionId.endsWith('2b629674-e913-4c01-ae53-ef4638d8f975'))?.principalId ??
            '',
        });
        if (!hub || !sender) throw new Error('the hub routes nowhere');
        await region.eventHubs.send(
          hub.id,
          {
            body: Buffer.from('{}'),
            partitionKey: running.outputs.deviceId,
            applicationProperties: { type: 'event', kind: 'presignedUrlRequest', deliveryId: before.deliveryId },
            systemProperties: {
              'iothub-connection-device-id': running.outputs.deviceId,
              'iothub-enqueuedtime': Date.now(),
              'iothub-message-source': 'Telemetry',
              message_id: randomUUID(),
            },
          },
          sender,
        );
      }, 'no link is signed');
    }
    default:
      throw new Error(`there is no exercise for the delivery program's ${row.role} at ${row.scope}`);
  }
}
