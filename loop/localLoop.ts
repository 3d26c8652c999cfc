import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessToken, TokenCredential } from '@azure/identity';
import { z } from 'zod';
import { stackOutputs, type StackOutputs } from '../contracts/stackOutputs';
import type { Principal } from '../local-azure/region/tokenAuthority';
import { catalogueOf } from '../local-azure/provider/catalogue';
import { deploy, type DeployedResource } from '../local-azure/provider/host';
import { regionTypes } from '../local-azure/regionTypes';
import { LocalRegion } from '../local-azure/localRegion';
import { bundleAll } from '../bundles/bundle';
import { EvidenceReader } from './evidenceReader';
import { Interrupted, unlessInterrupted } from '../command-line/interruption';
import { endProcessesOf } from './leftovers';
import { localConfiguration, project, sitePorts, type DatasetColumns } from './localConfiguration';
import { localStackConfiguration } from './localStackConfiguration';
import { MonitorReader } from './monitorReader';
import { quarantinedFiles } from './quarantinedFiles';
import { dropRawFiles, rawBlobNames } from './rawFiles';
import type { Replay } from './replayStretches';
import type { LoopReport, QuarantinedFile, StepResult } from './report';
import { Releases } from './releases';
import { emptyRounds, runRounds } from './runRounds';
import { SiteConsole } from './siteConsole';
import { waitUntilIdle } from './waitUntilIdle';
import type { Step } from './step';
import { steps } from './steps';
import { returnSteps } from './returnSteps';
import { telemetryReturn } from './telemetryReturn';

export interface LoopEvents {
  phase(text: string): void;
  waiting(round: number, step: Step, sinceMs: number): void;
  step(result: StepResult): void;
}
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
  readonly events: LoopEvents;
  readonly replay: Replay;
  /** Called with the finished report while the region still runs. */
  readonly whileRunning?: (
    report: LoopReport,
    region: LocalRegion,
    outputs: StackOutputs,
    resources: readonly DeployedResource[],
  ) => Promise<void>;
}

/** Signs a person in at the region: tokens of its authority for one principal. */
export const regionCredential = (region: LocalRegion, principal: Principal): TokenCredential => ({
  async getToken(scopes): Promise<AccessToken> {
    const audience = (Array.isArray(scopes) ? (scopes[0] ?? '') : scopes).replace(/\/\.default$/, '');
    const { token, expiresOn } = region.context.authority.issue(principal, audience);
    return { token, expiresOnTimestamp: expiresOn * 1_000 };
  },
});

/** What a run leaves for one that continues it: when the first raw files came, and how many rounds the line has replayed. */
const runState = z.object({ startedAt: z.iso.datetime(), replayed: z.int().nonnegative() });
type RunState = z.output<typeof runState>;
const stateFile = (directory: string) => join(directory, 'run.json');
const stateBefore = (directory: string): RunState | undefined =>
  existsSync(stateFile(directory)) ? runState.parse(JSON.parse(readFileSync(stateFile(directory), 'utf8'))) : undefined;

/** Runs the loop: bundles, region, deployment, raw data, then every step of every round with its evidence. The region stops at the end, whatever happened. */
export async function runLocalLoop(options: LocalLoopOptions): Promise<LoopReport> {
  const { events, signal, directory, rawFiles, rounds } = options;
  const started = performance.now();
  const startedAt = new Date();
  const since = (from: number) => Math.round(performance.now() - from);
  const whole = emptyRounds();
  const startUp = { bundlesMs: 0, regionMs: 0, deploymentMs: 0, resources: 0 };
  let region: LocalRegion | undefined;
  let quarantined: readonly QuarantinedFile[] = [];
  let telemetry: LoopReport['telemetry'] = { logs: { sent: 0, arrived: 0, distinct: 0 }, metrics: { sent: 0, arrived: 0, distinct: 0 } };
  let factory: string | undefined;
  // A run that broke before its first step lacks every step, and its report says so.
  const missing = () =>
    [...steps, ...returnSteps].map(({ id, title }) => ({
      round: 1,
      id,
      title,
      ok: false,
      evidence: { missing: 'not reached: the run ended before it' },
      durationMs: 0,
    }));
  const finish = (error?: Error): LoopReport => ({
    startedAt: startedAt.toISOString(),
    ...(factory === undefined ? {} : { factory }),
    rounds,
    durationMs: since(started),
    steps: error && whole.steps.length === 0 ? missing() : whole.steps,
    summaries: whole.summaries,
    replays: whole.replays,
    quarantined,
    telemetry,
    recycled: whole.landed,
    startUp,
    refusals: (region?.context.gate.denials ?? []).map(({ identity, action, scope, status, rolesThatGrant }) => ({
      identity,
      action,
      scope,
      status,
      rolesThatGrant,
    })),
    ...(error ? { error: error.message } : {}),
  });
  const closing: (() => Promise<void>)[] = [];
  try {
    events.phase('bundling the programs and starting the region');
    // Both are waited for, so that neither goes on behind the back of a run that ends.
    const [bundles, regionStart] = await Promise.allSettled([
      bundleAll().then(() => (startUp.bundlesMs = since(started))),
      LocalRegion.start(directory).then((one) => (region = one)),
    ]);
    if (signal.aborted) throw new Interrupted();
    if (bundles.status === 'rejected') throw bundles.reason;
    if (regionStart.status === 'rejected') throw regionStart.reason;
    const running = regionStart.value;
    startUp.regionMs = since(started);

    const [reader, rawWriter, approver] = [running.principal('reader'), running.principal('raw-writer'), running.principal('approver')];
    // The default stack releases by itself and is tested by nobody.
    const listed = options.listed ?? (options.stack === undefined ? [] : ['approver']);
    const people = {
      reader,
      rawWriter,
      ...(listed.includes('approver') ? { approver } : {}),
      ...(listed.includes('smoke-tester') ? { smokeTester: running.principal('smoke-tester') } : {}),
    };
    const ports = await sitePorts(directory);
    const deploying = performance.now();
    events.phase('deploying the stack');
    const deployment = await unlessInterrupted(
      deploy(catalogueOf(regionTypes(running)), {
        program: options.program,
        project,
        stack: 'local',
        configuration: localStackConfiguration(
          options.stack?.configuration ?? {},
          localConfiguration(running.cloud, {
            rounds,
            dataset: options.dataset,
            sampleIntervalMs: options.sampleIntervalMs,
            ports,
            ...people,
          }),
          { ownData: options.stack?.ownData ?? false },
        ),
        onResource: ({ type, name }) =>
          events.phase(`deploying the stack: ${++startUp.resources} resources, ${type.split(':').pop() ?? ''} ${name}`),
      }),
      signal,
    );
    startUp.deploymentMs = since(deploying);
    const outputs = stackOutputs.parse(deployment.outputs);
    factory = outputs.factory;

    const evidence = new EvidenceReader(outputs, regionCredential(running, reader));
    closing.push(() => evidence.close());
    const monitor = new MonitorReader(outputs, regionCredential(running, reader));
    const site = await unlessInterrupted(SiteConsole.connect(ports.databusPort), signal);
    closing.push(() => site.close());

    const before = stateBefore(directory);
    const now = new Date(Math.floor(Date.now() / 1_000) * 1_000);
    events.phase(`dropping ${rawFiles.length} raw file${rawFiles.length === 1 ? '' : 's'}`);
    const writer = new EvidenceReader(outputs, regionCredential(running, rawWriter)).container('data', outputs.rawContainer);
    const dropped = await unlessInterrupted(dropRawFiles(evidence, writer, rawFiles), signal);
    const deliver = async (round: number) => {
      const files = options.laterRawFiles?.(round) ?? [];
      await dropRawFiles(evidence, writer, files);
      return rawBlobNames(outputs.dataset, files);
    };
    const releases = Releases.of(outputs, regionCredential(running, approver));
    const approve = async (deliveryId: string) => {
      events.phase(`approving delivery ${deliveryId} for whoever runs this`);
      await releases.decide(deliveryId, { approved: true, by: 'approver of the local region' }, new Date());
    };
    const state: RunState = { startedAt: dropped > 0 || !before ? now.toISOString() : before.startedAt, replayed: before?.replayed ?? 0 };
    const keep = (replayed: number) => writeFileSync(stateFile(directory), JSON.stringify({ ...state, replayed }));
    keep(state.replayed);
    evidence.listen(new Date(before?.startedAt ?? now));

    await runRounds(
      {
        region: running,
        reader: evidence,
        monitor,
        site,
        rounds,
        startedAt: new Date(state.startedAt),
        replayedBefore: state.replayed,
        onReplay: keep,
        approve,
        rawFiles,
        rawBlobs: rawBlobNames(outputs.dataset, rawFiles),
        deliver,
        signal,
        replay: options.replay,
        onStep: (result) => events.step(result),
        onWaiting: (round, step, sinceMs) => events.waiting(round, step, sinceMs),
        onPhase: (text) => events.phase(text),
      },
      whole,
    );
    if (signal.aborted) throw new Interrupted();
    events.phase('reading what arrived');
    quarantined = (await quarantinedFiles(evidence)).map(({ file, row, column, reason }) => ({ file, row, column, reason }));
    telemetry = await telemetryReturn(running.containerApps.volumes('site'), monitor, signal);
    const report = finish();
    if (options.keep && !signal.aborted) {
      events.phase('waiting until the loop is at rest');
      await waitUntilIdle(evidence, startedAt, signal);
    }
    await options.whileRunning?.(report, running, outputs, deployment.resources);
    return report;
  } catch (error) {
    return finish(error as Error);
  } finally {
    events.phase('stopping the region');
    for (const close of closing.reverse()) await close().catch(() => undefined);
    await region?.stop();
    endProcessesOf(directory);
  }
}
