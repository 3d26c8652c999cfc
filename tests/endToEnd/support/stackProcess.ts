import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AzureMachineLearningWorkspaces } from '@azure/arm-machinelearning';
import { ContainerRegistryClient } from '@azure/container-registry';
import type { TokenCredential } from '@azure/identity';
import { bundleAll } from '../../../bundles/bundlePrograms';
import { waitUntilIdle } from '../../../loop/waitUntilIdle';
import { regionMarker } from '../../../contracts/regionMarker';
import { endProcessesOf } from '../../../loop/regionProcesses';
import { EvidenceReader } from '../../../loop/evidenceReader';
import { localConfiguration, project, sitePorts } from '../../../loop/localConfiguration';
import { regionCredential } from '../../../loop/regionCredential';
import { MonitorReader } from '../../../loop/monitorReader';
import { dropRawFiles, rawBlobNames } from '../../../loop/rawFiles';
import { removeRegion, regionDirectory } from '../../../loop/regionDirectory';
import { replayStretches } from '../../../loop/replayStretches';
import { emptyRounds, runRounds } from '../../../loop/runRounds';
import { simulatedRawFiles } from '../../../loop/simulatedRawFiles';
import { SiteConsole } from '../../../loop/siteConsole';
import { enrolOperator } from '../../../commands/up/operator';
import { upDirectory, type UpDirectory } from '../../../commands/up/upDirectory';
import type { InferencePipeline, LineState } from '../../../contracts/databus';
import { smokeNames } from '../../../contracts/datasets';
import { stackOutputs } from '../../../contracts/stackOutputs';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { LocalRegion } from '../../../local-azure/localRegion';

/** What the services hold, for whoever asks. */
export interface StackState {
  readonly pipelines: readonly InferencePipeline[];
  readonly line: LineState;
  readonly denials: readonly unknown[];
  /** Names of blobs by container; the landing zone apart, whose blobs stay. */
  readonly blobs: Readonly<Record<string, readonly string[]>>;
  readonly models: readonly { readonly name: string; readonly version: string; readonly archived: boolean }[];
  readonly tags: Readonly<Record<string, readonly string[]>>;
}
/** `rest`: the state once no job of the stack is at work any more. */
export type StackRequest =
  | { readonly kind: 'state' | 'rest' }
  | { readonly kind: 'drop'; readonly name: string; readonly content: string }
  | { readonly kind: 'simulate'; readonly intervalMs: number };
export interface StackReady {
  readonly ready: boolean;
  readonly failed: readonly unknown[];
  readonly path: string;
}

async function stateOf(reader: EvidenceReader, site: SiteConsole, region: LocalRegion, credential: TokenCredential): Promise<StackState> {
  const { outputs } = reader;
  const blobs: Record<string, string[]> = {};
  for (const [account, name] of [
    ['data', outputs.rawContainer],
    ['data', outputs.processedContainer],
    ['data', outputs.quarantineContainer],
    ['data', outputs.deliveriesContainer],
    ['edge', outputs.packagedModelsContainer],
  ] as const) {
    blobs[name] = (await reader.list(reader.container(account, name), '')).map((blob) => blob.name);
  }
  const workspace = new AzureMachineLearningWorkspaces(credential, outputs.subscriptionId, {
    endpoint: outputs.resourceManagerEndpoint,
    credentialScopes: `${outputs.resourceManagerAudience}/.default`,
  });
  const models = [];
  for (const name of [outputs.modelName, smokeNames(outputs.factory).model]) {
    try {
      for await (const one of workspace.modelVersions.list(outputs.resourceGroup, outputs.mlWorkspace, name, { listViewType: 'All' }))
        models.push({ name, version: one.name ?? '', archived: one.properties.isArchived === true });
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    }
  }
  const registry = new ContainerRegistryClient(`https://${outputs.registryLoginServer}`, credential);
  const tags: Record<string, string[]> = {};
  for await (const repository of registry.listRepositoryNames()) {
    tags[repository] = [];
    for await (const manifest of registry.getRepository(repository).listManifestProperties()) tags[repository].push(...manifest.tags);
  }
  return {
    pipelines: (await site.status()).pipelines,
    line: await site.lineState(),
    denials: region.context.gate.denials,
    blobs,
    models,
    tags,
  };
}

/** Deploys the program with the operator in every list of people. */
async function deployStack(region: LocalRegion, directory: string, operator: Principal) {
  const ports = await sitePorts(directory);
  const configuration = localConfiguration(region.cloud, {
    rounds: 2,
    dataset: {},
    sampleIntervalMs: 1_000,
    ports,
    reader: operator,
    rawWriter: operator,
    approver: operator,
    smokeTester: operator,
  });
  // A line that never rests fills a batch before long.
  const site = `${project}:edgeSite`;
  configuration[site] = JSON.stringify({ ...(JSON.parse(configuration[site] ?? '{}') as object), batchMaxRecords: 1_000 });
  const deployed = await region.deploy({
    program: async () => (await import('../../../index')).default as unknown as Record<string, unknown>,
    project,
    stack: 'local',
    configuration,
    onResource: () => undefined,
  });
  return { outputs: deployed.outputs, databusPort: ports.databusPort };
}

/** A folder with a `pulumi` that knows the outputs of this stack and of no other. */
function standInForPulumi(up: UpDirectory, stack: string, outputs: unknown): string {
  const [bin, stacks] = [join(up.path, 'bin'), join(up.backend, '.pulumi', 'stacks', project)];
  for (const folder of [bin, stacks]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(stacks, `${stack}.json`), '{}');
  const file = join(up.path, 'outputs.json');
  writeFileSync(file, JSON.stringify(outputs));
  writeFileSync(
    join(bin, 'pulumi'),
    `#!/bin/sh\ncase "$*" in\n  *"--stack ${stack}"*) cat "${file}" ;;\n  *) echo "error: no stack named that found" >&2; exit 255 ;;\nesac\n`,
  );
  chmodSync(join(bin, 'pulumi'), 0o755);
  return bin;
}

/** Sends the factory round the loop once and waits until no job is at work; the steps that failed. */
async function closeRound(local: string, region: LocalRegion, reader: EvidenceReader, monitor: MonitorReader, site: SiteConsole) {
  const rounds = emptyRounds();
  const startedAt = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  const files = simulatedRawFiles(join(local, 'raw'));
  await dropRawFiles(reader, reader.container('data', reader.outputs.rawContainer), files);
  reader.listen(startedAt);
  await runRounds(
    {
      region,
      reader,
      monitor,
      site,
      rounds: 1,
      startedAt,
      replayedBefore: 0,
      onReplay: () => undefined,
      rawFiles: files,
      rawBlobs: rawBlobNames(reader.outputs.dataset, files),
      deliver: () => Promise.resolve([]),
      signal: new AbortController().signal,
      replay: replayStretches(true, {}),
      events: { phase: () => undefined, waiting: () => undefined, step: () => undefined },
    },
    rounds,
  );
  await waitUntilIdle(reader, startedAt, new AbortController().signal);
  return { startedAt, failed: rounds.steps.filter(({ ok }) => !ok) };
}

/**
 * A deployed stack that runs while its parent lives: a process of its own, with the folder of its state and the stack's name. Its factory
 * has gone round the loop once. Beside it lies what `up:local` leaves for other commands: the operator's sign-in and the stack's outputs.
 */
async function runStack(local: string, stack: string): Promise<void> {
  removeRegion(local);
  const directory = regionDirectory(local);
  const up = upDirectory(local);
  for (const folder of [directory, up.path]) mkdirSync(folder, { recursive: true });
  process.env[regionMarker] = directory;
  await bundleAll();
  const region = await LocalRegion.start(directory);
  const stop = async () => {
    await region.stop();
    endProcessesOf(directory);
  };
  process.once('disconnect', () => void stop().finally(() => process.exit(0)));
  try {
    const operator = region.entra.find({ objectId: await enrolOperator(region, up) });
    if (operator === undefined) throw new Error('the operator is not enrolled');
    const { outputs, databusPort } = await deployStack(region, directory, operator);
    const bin = standInForPulumi(up, stack, outputs);
    const credential = regionCredential(region, operator);
    const reader = new EvidenceReader(stackOutputs.parse(outputs), credential);
    const site = await SiteConsole.connect(databusPort);
    const { startedAt, failed } = await closeRound(local, region, reader, new MonitorReader(reader.outputs, credential), site);
    const answer = async (request: StackRequest): Promise<StackState> => {
      if (request.kind === 'rest') await waitUntilIdle(reader, startedAt, new AbortController().signal);
      else if (request.kind === 'drop')
        await reader
          .container('data', reader.outputs.rawContainer)
          .getBlockBlobClient(request.name)
          .upload(request.content, Buffer.byteLength(request.content));
      // A run without an end never finishes: its first state is waited for by whoever asks for the state.
      else if (request.kind === 'simulate')
        await site.runLine({ kind: 'simulate', intervalMs: request.intervalMs, fault: 'none' }, 1_000).catch(() => undefined);
      return stateOf(reader, site, region, credential);
    };
    process.on(
      'message',
      (request) =>
        void answer(request as StackRequest).then(
          (state) => process.send?.(state),
          (error: Error) => process.send?.({ error: error.stack }),
        ),
    );
    const ready: StackReady = { ready: true, failed, path: [bin, process.env['PATH'] ?? ''].join(delimiter) };
    process.send?.(ready);
  } catch (error) {
    const failed: StackReady = { ready: false, failed: [(error as Error).stack], path: '' };
    process.send?.(failed);
    await stop();
    process.exit(1);
  }
}

if (require.main === module) void runStack(process.argv[2] ?? '', process.argv[3] ?? '');
