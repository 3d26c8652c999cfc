import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AzureMachineLearningWorkspaces } from '@azure/arm-machinelearning';
import { ContainerRegistryClient } from '@azure/container-registry';
import type { TokenCredential } from '@azure/identity';
import { bundleAll } from '../../bundles/bundle';
import { makeKeyAndCertificate } from '../../deploy-programs/keyAndCertificate';
import { waitUntilIdle } from '../../loop/waitUntilIdle';
import { regionMarker } from '../../contracts/regionMarker';
import { endProcessesOf } from '../../loop/leftovers';
import { EvidenceReader } from '../../loop/evidenceReader';
import { localConfiguration, project, sitePorts } from '../../loop/localConfiguration';
import { regionCredential } from '../../loop/regionCredential';
import { MonitorReader } from '../../loop/monitorReader';
import { dropRawFiles, rawBlobNames } from '../../loop/rawFiles';
import { removeRegion, regionDirectory } from '../../loop/regionDirectory';
import { replayStretches } from '../../loop/replayStretches';
import { emptyRounds, runRounds } from '../../loop/runRounds';
import { simulatedRawFiles } from '../../loop/simulatedRawFiles';
import { SiteConsole } from '../../loop/siteConsole';
import type { InferencePipeline, LineState } from '../../contracts/databus';
import { smokeNames } from '../../contracts/datasets';
import { stackOutputs } from '../../contracts/stackOutputs';
import { LocalRegion } from '../../local-azure/localRegion';

/** What the services hold, for whoever asks. */
export interface KeptState {
  readonly pipelines: readonly InferencePipeline[];
  readonly line: LineState;
  readonly denials: readonly unknown[];
  /** Names of blobs by container; the landing zone apart, whose blobs stay. */
  readonly blobs: Readonly<Record<string, readonly string[]>>;
  readonly models: readonly { readonly name: string; readonly version: string; readonly archived: boolean }[];
  readonly tags: Readonly<Record<string, readonly string[]>>;
}
/** `rest`: the state once no job of the stack is at work any more. */
export type KeptRequest =
  | { readonly kind: 'state' | 'rest' }
  | { readonly kind: 'drop'; readonly name: string; readonly content: string }
  | { readonly kind: 'simulate'; readonly intervalMs: number };
export interface KeptReady {
  readonly ready: boolean;
  readonly failed: readonly unknown[];
  readonly path: string;
}

async function stateOf(reader: EvidenceReader, site: SiteConsole, region: LocalRegion, credential: TokenCredential): Promise<KeptState> {
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

/**
 * A deployed stack that stays while its parent lives: run as a process of its own with the folder of its state and the stack's name. Its factory has
 * gone round the loop once. Beside it lies what `up:local` leaves for other commands: the operator's sign-in, and in `bin` a `pulumi` that
 * knows this stack's outputs.
 */
async function keepStack(local: string, stack: string): Promise<void> {
  removeRegion(local);
  const directory = regionDirectory(local);
  const up = join(local, 'up');
  const [bin, stacks] = [join(up, 'bin'), join(up, 'pulumi', '.pulumi', 'stacks', project)];
  for (const folder of [directory, bin, stacks]) mkdirSync(folder, { recursive: true });
  process.env[regionMarker] = directory;
  await bundleAll();
  const region = await LocalRegion.start(directory);
  const stop = async () => {
    await region.stop();
    endProcessesOf(directory);
  };
  process.once('disconnect', () => void stop().finally(() => process.exit(0)));
  try {
    const certificate = join(up, 'operator.pem');
    const pem = await makeKeyAndCertificate('operator', new Date());
    writeFileSync(certificate, pem, { mode: 0o600 });
    const { clientId, objectId } = region.entra.applications.register('operator', randomUUID());
    const operator = region.entra.applications.addServicePrincipal(clientId);
    region.entra.applications.addCertificate(objectId, pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----')));
    writeFileSync(
      join(up, 'operator.json'),
      JSON.stringify({
        AZURE_TENANT_ID: region.tenantId,
        AZURE_CLIENT_ID: clientId,
        AZURE_CLIENT_CERTIFICATE_PATH: certificate,
        AZURE_AUTHORITY_HOST: region.entra.authorityHost,
        NODE_EXTRA_CA_CERTS: region.context.tls.caFile,
      }),
    );

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
      program: async () => (await import('../../index')).default as unknown as Record<string, unknown>,
      project,
      stack: 'local',
      configuration,
      onResource: () => undefined,
    });
    const outputs = stackOutputs.parse(deployed.outputs);
    writeFileSync(join(stacks, `${stack}.json`), '{}');
    writeFileSync(join(up, 'outputs.json'), JSON.stringify(deployed.outputs));
    writeFileSync(
      join(bin, 'pulumi'),
      `#!/bin/sh\ncase "$*" in\n  *"--stack ${stack}"*) cat "${join(up, 'outputs.json')}" ;;\n  *) echo "error: no stack named that found" >&2; exit 255 ;;\nesac\n`,
    );
    chmodSync(join(bin, 'pulumi'), 0o755);

    const credential = regionCredential(region, operator);
    const reader = new EvidenceReader(outputs, credential);
    const console = await SiteConsole.connect(ports.databusPort);
    const rounds = emptyRounds();
    const startedAt = new Date(Math.floor(Date.now() / 1_000) * 1_000);
    const files = simulatedRawFiles(join(local, 'raw'));
    const raw = reader.container('data', outputs.rawContainer);
    await dropRawFiles(reader, raw, files);
    reader.listen(startedAt);
    await runRounds(
      {
        region,
        reader,
        monitor: new MonitorReader(outputs, credential),
        site: console,
        rounds: 1,
        startedAt,
        replayedBefore: 0,
        onReplay: () => undefined,
        rawFiles: files,
        rawBlobs: rawBlobNames(outputs.dataset, files),
        deliver: () => Promise.resolve([]),
        signal: new AbortController().signal,
        replay: replayStretches(true, {}),
        events: { phase: () => undefined, waiting: () => undefined, step: () => undefined },
      },
      rounds,
    );
    await waitUntilIdle(reader, startedAt, new AbortController().signal);
    const answer = async (request: KeptRequest): Promise<unknown> => {
      if (request.kind === 'rest') await waitUntilIdle(reader, startedAt, new AbortController().signal);
      else if (request.kind === 'drop')
        await raw.getBlockBlobClient(request.name).upload(request.content, Buffer.byteLength(request.content));
      // A run without an end never finishes: its first state is waited for by whoever asks for the state.
      else if (request.kind === 'simulate')
        await console.runLine({ kind: 'simulate', intervalMs: request.intervalMs, fault: 'none' }, 1_000).catch(() => undefined);
      return stateOf(reader, console, region, credential);
    };
    process.on(
      'message',
      (request) =>
        void answer(request as KeptRequest).then(
          (state) => process.send?.(state),
          (error: Error) => process.send?.({ error: error.stack }),
        ),
    );
    const ready: KeptReady = {
      ready: true,
      failed: rounds.steps.filter(({ ok }) => !ok),
      path: [bin, process.env['PATH'] ?? ''].join(delimiter),
    };
    process.send?.(ready);
  } catch (error) {
    const failed: KeptReady = { ready: false, failed: [(error as Error).stack], path: '' };
    process.send?.(failed);
    await stop();
    process.exit(1);
  }
}

if (require.main === module) void keepStack(process.argv[2] ?? '', process.argv[3] ?? '');
