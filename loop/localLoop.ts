import type { TokenCredential } from '@azure/identity';
import { stackOutputs, type StackOutputs } from '../contracts/stackOutputs';
import type { DeployedResource } from '../local-azure/provider/host';
import { LocalRegion } from '../local-azure/localRegion';
import { bundleAll } from '../bundles/bundlePrograms';
import { EvidenceReader } from './evidenceReader';
import { Interrupted, unlessInterrupted } from '../command-line/interruption';
import { endProcessesOf } from './regionProcesses';
import { localConfiguration, project, sitePorts, type DatasetColumns, type SitePorts } from './localConfiguration';
import { localStackConfiguration } from './localStackConfiguration';
import { MonitorReader } from './monitorReader';
import { quarantinedFiles } from './quarantinedFiles';
import { dropRawFiles, rawBlobNames } from './rawFiles';
import type { Replay } from './replay';
import type { LoopReport } from './report';
import { Releases } from './releases';
import { regionCredential } from './regionCredential';
import { RunRecord } from './runRecord';
import { readRunState, writeRunState } from './runState';
import { runRounds, type LoopObserver } from './runRounds';
import { SiteConsole } from './siteConsole';
import { waitUntilIdle } from './waitUntilIdle';
import { telemetryReturn } from './telemetryReturn';

export interface LocalLoopOptions {
  /** Where the region keeps its state. */
  readonly directory: string;
  /** CSV files that are dropped into the raw container together. */
  readonly rawFiles: readonly string[];
  /** CSV files that are dropped when a later round begins, beside what the line sent back. */
  readonly laterRawFiles?: (round: number) => readonly string[];
  readonly rounds: number;
  /** The region is to be left running afterwards: then only once nothing is under way in it any more. */
  readonly keep: boolean;
  readonly dataset: DatasetColumns;
  /** Configuration of a stack whose sizes and limits are tried; default the product's defaults. */
  readonly stack?: { readonly configuration: Readonly<Record<string, string>>; readonly ownData: boolean };
  readonly sampleIntervalMs: number;
  /** Who is listed in the stack's configuration beside a reader and a raw writer; default an approver where `stack` is tried, else nobody. */
  readonly listed?: readonly ('approver' | 'smoke-tester')[];
  /** Loads the Pulumi program: the product's own, unless a test changes it. */
  readonly program: () => Promise<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly events: LoopObserver;
  readonly replay: Replay;
  /** Called with the finished report while the region still runs. */
  readonly whileRunning?: (
    report: LoopReport,
    region: LocalRegion,
    outputs: StackOutputs,
    resources: readonly DeployedResource[],
  ) => Promise<void>;
}

/** Who sees what the loop does: the services' own evidence, the monitor, the databus of the site. */
interface Observers {
  readonly evidence: EvidenceReader;
  readonly monitor: MonitorReader;
  readonly site: SiteConsole;
}

/** Bundles the programs and starts the region. Both are waited for, so that neither goes on behind the back of a run that ends. */
async function startRegion({ directory, signal, events }: LocalLoopOptions, record: RunRecord): Promise<LocalRegion> {
  events.phase('bundling the programs and starting the region');
  const [bundles, start] = await Promise.allSettled([
    bundleAll().then(() => (record.startUp.bundlesMs = record.elapsedMs())),
    LocalRegion.start(directory),
  ]);
  if (start.status === 'fulfilled' && bundles.status === 'fulfilled' && !signal.aborted) {
    record.startUp.regionMs = record.elapsedMs();
    return start.value;
  }
  if (start.status === 'fulfilled') await start.value.stop();
  if (signal.aborted) throw new Interrupted();
  throw bundles.status === 'rejected' ? bundles.reason : (start as PromiseRejectedResult).reason;
}

/** The region's people, as the stack's configuration names them. The default stack releases by itself and is tested by nobody. */
function peopleOf(region: LocalRegion, { listed, stack }: LocalLoopOptions) {
  const named = listed ?? (stack === undefined ? [] : ['approver']);
  return {
    reader: region.principal('reader'),
    rawWriter: region.principal('raw-writer'),
    ...(named.includes('approver') ? { approver: region.principal('approver') } : {}),
    ...(named.includes('smoke-tester') ? { smokeTester: region.principal('smoke-tester') } : {}),
  };
}

async function deployStack(region: LocalRegion, ports: SitePorts, options: LocalLoopOptions, { startUp }: RunRecord) {
  const { events, signal, stack, rounds, dataset, sampleIntervalMs } = options;
  const began = performance.now();
  events.phase('deploying the stack');
  const deployment = await unlessInterrupted(
    region.deploy({
      program: options.program,
      project,
      stack: 'local',
      configuration: localStackConfiguration(
        stack?.configuration ?? {},
        localConfiguration(region.cloud, { rounds, dataset, sampleIntervalMs, ports, ...peopleOf(region, options) }),
        { ownData: stack?.ownData ?? false },
      ),
      onResource: ({ type, name }) =>
        events.phase(`deploying the stack: ${++startUp.resources} resources, ${type.split(':').pop() ?? ''} ${name}`),
    }),
    signal,
  );
  startUp.deploymentMs = Math.round(performance.now() - began);
  return deployment;
}

/** Drops the raw files of the run, unless a run before has, and says how those of later rounds are dropped. */
async function deliverRawFiles(evidence: EvidenceReader, rawWriter: TokenCredential, options: LocalLoopOptions) {
  const { outputs } = evidence;
  const { rawFiles, laterRawFiles, events, signal } = options;
  events.phase(`dropping ${rawFiles.length} raw file${rawFiles.length === 1 ? '' : 's'}`);
  const container = new EvidenceReader(outputs, rawWriter).container('data', outputs.rawContainer);
  return {
    dropped: await unlessInterrupted(dropRawFiles(evidence, container, rawFiles), signal),
    rawBlobs: rawBlobNames(outputs.dataset, rawFiles),
    deliver: async (round: number) => {
      const files = laterRawFiles?.(round) ?? [];
      await dropRawFiles(evidence, container, files);
      return rawBlobNames(outputs.dataset, files);
    },
  };
}

/** Lets a delivery that waits for a person go: whoever runs the loop is that person. */
function approverOf(region: LocalRegion, outputs: StackOutputs, events: LoopObserver) {
  const releases = Releases.of(outputs, regionCredential(region, region.principal('approver')));
  return async (deliveryId: string) => {
    events.phase(`approving delivery ${deliveryId} for whoever runs this`);
    await releases.decide(deliveryId, { approved: true, by: 'approver of the local region' }, new Date());
  };
}

/** Follows every step of every round in the deployed stack, then reads what arrived beside them. */
async function followRounds(
  region: LocalRegion,
  { evidence, monitor, site }: Observers,
  options: LocalLoopOptions,
  record: RunRecord,
): Promise<void> {
  const { events, signal, directory, rounds, rawFiles, replay } = options;
  const before = readRunState(directory);
  const now = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  const writer = regionCredential(region, region.principal('raw-writer'));
  const { dropped, rawBlobs, deliver } = await deliverRawFiles(evidence, writer, options);
  const startedAt = dropped > 0 || !before ? now.toISOString() : before.startedAt;
  const replayedBefore = before?.replayed ?? 0;
  const onReplay = (replayed: number) => writeRunState(directory, { startedAt, replayed });
  onReplay(replayedBefore);
  evidence.listen(new Date(before?.startedAt ?? now));
  await runRounds(
    {
      region,
      reader: evidence,
      monitor,
      site,
      rounds,
      startedAt: new Date(startedAt),
      replayedBefore,
      onReplay,
      approve: approverOf(region, evidence.outputs, events),
      rawFiles,
      rawBlobs,
      deliver,
      signal,
      replay,
      events,
    },
    record.found,
  );
  if (signal.aborted) throw new Interrupted();
  events.phase('reading what arrived');
  record.quarantined = (await quarantinedFiles(evidence)).map(({ file, row, column, reason }) => ({ file, row, column, reason }));
  record.telemetry = await telemetryReturn(region.containerApps.volumes('site'), monitor, signal);
}

/** Runs the loop: bundles, region, deployment, raw data, then every step of every round with its evidence. The region stops at the end, whatever happened. */
export async function runLocalLoop(options: LocalLoopOptions): Promise<LoopReport> {
  const { events, signal, directory } = options;
  const record = new RunRecord(options.rounds);
  let region: LocalRegion | undefined;
  const closing: (() => Promise<void>)[] = [];
  try {
    region = await startRegion(options, record);
    const ports = await sitePorts(directory);
    const deployment = await deployStack(region, ports, options, record);
    const outputs = stackOutputs.parse(deployment.outputs);
    record.factory = outputs.factory;

    const reader = regionCredential(region, region.principal('reader'));
    const evidence = new EvidenceReader(outputs, reader);
    closing.push(() => evidence.close());
    const site = await unlessInterrupted(SiteConsole.connect(ports.databusPort), signal);
    closing.push(() => site.close());
    await followRounds(region, { evidence, monitor: new MonitorReader(outputs, reader), site }, options, record);

    const report = record.report(region);
    if (options.keep && !signal.aborted) {
      events.phase('waiting until the loop is idle');
      await waitUntilIdle(evidence, record.startedAt, signal);
    }
    await options.whileRunning?.(report, region, outputs, deployment.resources);
    return report;
  } catch (error) {
    return record.report(region, error as Error);
  } finally {
    events.phase('stopping the region');
    for (const close of closing.reverse()) await close().catch(() => undefined);
    await region?.stop();
    endProcessesOf(directory);
  }
}
