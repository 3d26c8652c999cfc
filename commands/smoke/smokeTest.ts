import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TokenCredential } from '@azure/identity';
import { isSmokeDataset, loopNames, smokePrefix } from '../../contracts/datasets';
import type { StackOutputs } from '../../contracts/stackOutputs';
import { EvidenceReader } from '../../loop/evidenceReader';
import { followSteps } from '../../loop/followSteps';
import { LandingZoneReader, manifestNames } from '../../loop/landingZoneReader';
import { MonitorReader } from '../../loop/monitorReader';
import { dropRawFiles, rawBlobNames } from '../../loop/rawFiles';
import type { QuarantinedFile, StepResult } from '../../loop/report';
import { quarantinedFiles } from '../../loop/quarantinedFiles';
import { returnSteps } from '../../loop/returnSteps';
import { SiteConsole } from '../../loop/siteConsole';
import { Releases } from '../../loop/releases';
import type { RoundFacts, Step } from '../../loop/step';
import { loopSteps } from '../../loop/loopSteps';
import { cleanUp, type CleanedUp } from './cleanUp';
import { fromTheLine, runLine, type LineUse } from './runLine';
import { smokeFile } from './smokeFile';
import { testBefore, type TestsUnderWay } from './runningSmokeTests';

interface SmokeTestOptions {
  /** The stack's own outputs. */
  readonly outputs: StackOutputs;
  /** Who runs the test: a reader, raw writer and smoke tester of the stack. */
  readonly credential: TokenCredential;
  readonly dataset: string;
  readonly raw?: string;
  readonly until: string;
  readonly timeoutMs: number;
  readonly keepEvidence: boolean;
  /** Whether the delivery is let go, where people approve releases: by this name. */
  readonly approveAs?: string;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  readonly events: { phase(text: string): void; waiting(step: Step, sinceMs: number): void; step(result: StepResult): void };
}
export interface SmokeReport {
  readonly startedAt: string;
  readonly factory: string;
  readonly dataset: string;
  readonly durationMs: number;
  readonly rawFile?: { readonly from: string; readonly sizeBytes: number };
  /** Whether the test let the line run, or the line ran by itself. */
  readonly line?: LineUse;
  readonly steps: readonly StepResult[];
  readonly quarantined: readonly QuarantinedFile[];
  readonly cleanedUp: CleanedUp;
  readonly error?: string;
}

/** A test that is this old has been given up: its process is gone, or nobody waits for it. */
const abandonedMs = 24 * 3_600_000 + 600_000;

export const newSmokeDataset = (): string => `${smokePrefix}${randomBytes(5).toString('hex')}`;

/** The outputs as they are for a data set of the stack. */
export function outputsFor(outputs: StackOutputs, dataset: string): StackOutputs {
  const { model, modelRepository, packageRepository } = loopNames(outputs.factory, dataset);
  return { ...outputs, dataset, modelName: model, modelRepository, packageRepository };
}

/** The databus listens on the machine of the site only; it is ours to use where the whole stack is on this machine. */
const isHere = ({ resourceManagerEndpoint }: StackOutputs) =>
  ['localhost', '127.0.0.1', '[::1]'].includes(new URL(resourceManagerEndpoint).hostname);

async function testsUnderWay(reader: EvidenceReader): Promise<TestsUnderWay> {
  const found = new Map<string, Date>();
  for (const { name, createdAt } of await reader.list(reader.container('data', reader.outputs.rawContainer), smokePrefix)) {
    const [dataset = ''] = name.split('/');
    if (isSmokeDataset(dataset) && !found.has(dataset)) found.set(dataset, createdAt);
  }
  return found;
}

/** All smoke tests of a factory share a model and a place at the site, so there is one at a time. */
async function waitForNobody(options: SmokeTestOptions, factory: EvidenceReader): Promise<void> {
  for (const [dataset, since] of await testsUnderWay(factory)) {
    if (Date.now() - since.getTime() < abandonedMs)
      throw new Error(
        `another smoke test, ${dataset}, is under way since ${since.toISOString()}: wait for its end, or take away what it left with --clean-up ${dataset}`,
      );
    options.events.phase(`taking away what ${dataset} left`);
    await cleanUp(new EvidenceReader(outputsFor(options.outputs, dataset), options.credential), options.credential);
  }
}

/** The services tell creation times in whole seconds. */
const wholeSecond = (timeMs: number) => new Date(Math.floor(timeMs / 1_000) * 1_000);

/** Follows one small raw file round the loop of a deployed stack, and takes away again what it left. Rejects for nothing but its own faults. */
export async function smokeTest(options: SmokeTestOptions): Promise<SmokeReport> {
  const { credential, dataset, events, signal, timeoutMs } = options;
  const started = performance.now();
  const startedAt = wholeSecond(Date.now());
  const outputs = outputsFor(options.outputs, dataset);
  const factory = new EvidenceReader(options.outputs, credential);
  const reader = new EvidenceReader(outputs, credential);
  const directory = mkdtempSync(join(tmpdir(), 'smoke-'));
  const followed: StepResult[] = [];
  let site: SiteConsole | undefined;
  let line: LineUse | undefined;
  let dropped: { readonly from: string; readonly sizeBytes: number } | undefined;
  let quarantined: readonly QuarantinedFile[] = [];
  let error: Error | undefined;
  try {
    events.phase('looking for other smoke tests');
    await waitForNobody(options, factory);
    const { file, ...facts } = await smokeFile(factory, directory, options.raw);
    const landing = new LandingZoneReader(reader);
    const round: RoundFacts = {
      startedAt,
      rawBlobs: rawBlobNames(dataset, [file]),
      recycled: [],
      landedBefore: new Set(await manifestNames(reader)),
      sent: { samples: 0, times: new Set(), results: new Set() },
    };
    reader.listen(startedAt);
    if (signal.aborted) throw new Error('interrupted');
    events.phase(`dropping ${basename(file)} as ${dataset}`);
    dropped = facts;
    await dropRawFiles(reader, reader.container('data', outputs.rawContainer), [file]);
    const first = testBefore(await testsUnderWay(factory), dataset);
    if (first !== undefined)
      throw new Error(`another smoke test, ${first}, began at the same time: this one ends. Start it again when that one has ended`);
    // From here on the test is the only one; one that gives way never touches the package at the site, which is the other's.
    if (isHere(outputs)) site = await SiteConsole.connect(outputs.databusPort);
    const { approveAs } = options;
    const approve =
      approveAs === undefined
        ? undefined
        : async (deliveryId: string) =>
            void (await Releases.of(outputs, credential).decide(
              deliveryId,
              { approved: true, by: approveAs, reason: `smoke test ${dataset}` },
              new Date(),
            ));
    const all = loopSteps.map(fromTheLine);
    await followSteps({
      round: 1,
      steps: all.slice(0, all.findIndex(({ id }) => id === options.until) + 1),
      observer: {
        reader,
        monitor: new MonitorReader(outputs, credential),
        landing,
        facts: round,
        ...(site ? { site } : {}),
        ...(approve ? { approve } : {}),
      },
      explain: async (program) => ({ program }),
      stepTimeoutMs: timeoutMs,
      deadlineMs: started + timeoutMs,
      pollMs: options.pollMs,
      signal,
      before: async (step) => {
        if (step.id !== returnSteps[0]?.id) return;
        events.phase('the line runs past the package');
        line = await runLine(site, round, file, signal);
      },
      onWaiting: (step, sinceMs) => events.waiting(step, sinceMs),
      onStep: (step) => {
        followed.push(step);
        events.step(step);
      },
    });
    quarantined = (await quarantinedFiles(reader)).map(({ file: name, row, column, reason }) => ({ file: name, row, column, reason }));
  } catch (failure) {
    error = failure as Error;
  }
  const cleanedUp = dropped === undefined ? { removed: {}, left: [] } : await takeAway(options, reader, site);
  await site?.close().catch(() => undefined);
  await reader.close().catch(() => undefined);
  rmSync(directory, { recursive: true, force: true });
  return {
    startedAt: startedAt.toISOString(),
    factory: outputs.factory,
    dataset,
    durationMs: Math.round(performance.now() - started),
    ...(dropped ? { rawFile: dropped } : {}),
    ...(line ? { line } : {}),
    steps: followed,
    quarantined,
    cleanedUp,
    ...(error ? { error: error.message } : {}),
  };
}

async function takeAway(
  { credential, keepEvidence, events }: SmokeTestOptions,
  reader: EvidenceReader,
  site: SiteConsole | undefined,
): Promise<CleanedUp> {
  events.phase('taking away what the test left');
  const { removed, left } = await cleanUp(reader, credential, keepEvidence);
  if (keepEvidence || !site) return { removed, left };
  const { packageId } = loopNames(reader.outputs.factory, reader.outputs.dataset);
  const running =
    (await site.status().catch(() => undefined))?.pipelines.filter(
      (pipeline) => pipeline.packageId === packageId && pipeline.state !== 'AVAILABLE',
    ).length ?? 0;
  const answer =
    running === 0 ? undefined : await site.deactivate(packageId).catch((failure: Error) => ({ ok: false, error: failure.message }));
  return {
    removed: { ...removed, ...(answer?.ok === true ? { 'packages deactivated at the site': running } : {}) },
    left: answer?.ok === false ? [...left, `the package at the site: ${answer.error ?? ''}`] : left,
  };
}
