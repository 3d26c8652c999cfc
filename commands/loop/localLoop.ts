import type { AccessToken, TokenCredential } from '@azure/identity';
import type { DatasetManifest } from '../../contracts/datasetManifest';
import { stackOutputs, type StackOutputs } from '../../contracts/stackOutputs';
import type { Principal } from '../../local-azure/entra/tokenAuthority';
import { catalogueOf } from '../../local-azure/provider/catalogue';
import { deploy } from '../../local-azure/provider/host';
import { regionTypes } from '../../local-azure/provider/regionTypes';
import { LocalRegion } from '../../local-azure/region/localRegion';
import { freePort } from '../../local-azure/region/ports';
import { bundleAll } from '../bundle';
import { EvidenceReader } from './evidenceReader';
import { explainFailure } from './explainFailure';
import { followSteps } from './followSteps';
import { dropRawFiles } from './rawFiles';
import type { LoopReport, QuarantinedFile, ReplayResult, StepResult } from './report';
import { SiteConsole } from './siteConsole';
import { steps, type RoundFacts, type Step } from './steps';

export interface LoopEvents { phase(text: string): void; waiting(step: Step, sinceMs: number): void; step(result: StepResult): void }
export interface LocalLoopOptions {
  /** Where the region keeps its state. */
  readonly directory: string;
  /** CSV files that are dropped into the raw container together. */
  readonly rawFiles: readonly string[];
  readonly dataset: { readonly timeColumn?: string; readonly labelColumns?: readonly string[]; readonly ignoredColumns?: readonly string[] };
  readonly sampleIntervalMs: number;
  /** Loads the Pulumi program: the product's own, unless a test changes it. */
  readonly program: () => Promise<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly events: LoopEvents;
  readonly replay: (site: SiteConsole, manifest: DatasetManifest, files: readonly string[]) => Promise<readonly ReplayResult[]>;
  /** Called with the finished report while the region still runs. */
  readonly whileRunning?: (report: LoopReport, region: LocalRegion, outputs: StackOutputs) => Promise<void>;
}

/** Signs a person in at the region: tokens of its authority for one principal. */
export const regionCredential = (region: LocalRegion, principal: Principal): TokenCredential => ({
  async getToken(scopes): Promise<AccessToken> {
    const audience = (Array.isArray(scopes) ? (scopes[0] ?? '') : scopes).replace(/\/\.default$/, '');
    const { token, expiresOn } = region.context.authority.issue(principal, audience);
    return { token, expiresOnTimestamp: expiresOn * 1_000 };
  },
});

const project = 'factory-loop';
const stepTimeoutMs = 120_000;

/** Stack configuration of the local region: everything fast, the site simulated, whoever looks on may read. */
function localConfiguration(region: LocalRegion, options: LocalLoopOptions, databusPort: number, reader: Principal, rawWriter: Principal): Record<string, string> {
  const { timeColumn, labelColumns, ignoredColumns } = options.dataset;
  const principal = ({ objectId }: Principal) => ({ principalId: objectId, principalType: 'ServicePrincipal' });
  const values: Record<string, unknown> = {
    cloud: region.cloud, deployerPrincipalType: 'ServicePrincipal', readers: [principal(reader)], rawWriters: [principal(rawWriter)],
    dataset: { settleSeconds: 1, ...(timeColumn === undefined ? {} : { timeColumn }), ...(labelColumns === undefined ? {} : { labelColumns }), ...(ignoredColumns === undefined ? {} : { ignoredColumns }) },
    jobs: { pollingIntervalSeconds: 1 }, edgeSite: { enabled: true, lineMode: 'idle', databusPort, sampleIntervalMs: options.sampleIntervalMs },
  };
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${project}:${key}`, typeof value === 'string' ? value : JSON.stringify(value)]));
}

async function quarantinedFiles(reader: EvidenceReader): Promise<QuarantinedFile[]> {
  const container = reader.container('data', reader.outputs.quarantineContainer);
  const reasons = (await reader.list(container, '')).filter((one) => one.name.endsWith('reason.json'));
  return Promise.all(reasons.map(async ({ name }) => {
    const { file, row, column, expected, found } = JSON.parse((await reader.text(container, name)) ?? '{}') as { file: string; row: number | null; column: string | null; expected: string; found: string };
    return { file, row, column, reason: `expected ${expected}, found ${found}` };
  }));
}

/** Runs the loop once: bundles, region, deployment, raw data, every step with its evidence, replay. The region stops at the end, whatever happened. */
export async function runLocalLoop(options: LocalLoopOptions): Promise<LoopReport> {
  const { events, signal } = options;
  const started = performance.now();
  const since = (from: number) => Math.round(performance.now() - from);
  const interrupted = () => {
    if (signal.aborted) throw new Error('interrupted');
  };

  events.phase('bundling the programs and starting the region');
  const bundling = bundleAll().then(() => since(started));
  const [bundlesMs, region] = await Promise.all([bundling, LocalRegion.start(options.directory)]);
  const regionMs = since(started);
  const closing: (() => Promise<void>)[] = [];
  const results: StepResult[] = [];
  const base = { rounds: 1, replays: [] as readonly ReplayResult[], quarantined: [] as QuarantinedFile[], startUp: { bundlesMs, regionMs, deploymentMs: 0, resources: 0 } };
  const finish = (more: Partial<LoopReport>): LoopReport => ({
    ...base, steps: results, durationMs: since(started),
    refusals: region.context.gate.denials.map(({ identity, action, scope, status, rolesThatGrant }) => ({ identity, action, scope, status, rolesThatGrant })), ...more,
  });
  try {
    interrupted();
    const reader = region.principal('reader');
    const rawWriter = region.principal('raw-writer');
    const databusPort = await freePort();
    const deploying = performance.now();
    let resources = 0;
    events.phase('deploying the stack');
    const deployment = await deploy(catalogueOf(regionTypes(region)), {
      program: options.program, project, stack: 'local', configuration: localConfiguration(region, options, databusPort, reader, rawWriter),
      onResource: ({ type, name }) => events.phase(`deploying the stack: ${++resources} resources, ${type.split(':').pop() ?? ''} ${name}`),
    });
    const startUp = { bundlesMs, regionMs, deploymentMs: since(deploying), resources: deployment.resources.length };
    const outputs = stackOutputs.parse(deployment.outputs);
    interrupted();

    const evidence = new EvidenceReader(outputs, regionCredential(region, reader));
    closing.push(() => evidence.close());
    const site = await SiteConsole.connect(databusPort);
    closing.push(() => site.close());
    const facts: RoundFacts = { startedAt: new Date(Math.floor(Date.now() / 1_000) * 1_000), rawBlobs: [] };
    evidence.listen(facts.startedAt);
    const writer = new EvidenceReader(outputs, regionCredential(region, rawWriter)).container('data', outputs.rawContainer);
    events.phase(`dropping ${options.rawFiles.length} raw file${options.rawFiles.length === 1 ? '' : 's'}`);
    await dropRawFiles(writer, outputs.dataset, options.rawFiles);

    await followSteps({
      round: 1, steps, observer: { reader: evidence, site, facts }, explain: (program) => explainFailure(region, program), stepTimeoutMs, pollMs: 150, signal,
      onWaiting: (step, sinceMs) => events.waiting(step, sinceMs),
      onStep: (result) => {
        results.push(result);
        events.step(result);
      },
    });
    let replays: readonly ReplayResult[] = [];
    if (results.every((step) => step.ok) && facts.manifest && !signal.aborted) {
      events.phase('replaying a normal and a faulty stretch');
      replays = await options.replay(site, facts.manifest, options.rawFiles);
    }
    const report = finish({ startUp, replays, quarantined: await quarantinedFiles(evidence) });
    await options.whileRunning?.(report, region, outputs);
    return report;
  } catch (error) {
    return finish({ error: (error as Error).message });
  } finally {
    for (const close of closing.reverse()) await close().catch(() => undefined);
    await region.stop();
  }
}
