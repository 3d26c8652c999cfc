import type { TokenCredential } from '@azure/identity';
import { onInterrupt } from '../../command-line/interruption';
import { whileWorking } from '../../command-line/progress';
import type { Terminal } from '../../command-line/terminal';
import type { StackOutputs } from '../../contracts/stackOutputs';
import { EvidenceReader } from '../../loop/evidenceReader';
import { showSteps } from '../../loop/liveSteps';
import { readStackOutputs } from '../stack/deployedStack';
import { personCredential } from '../stack/personSignIn';
import { signedInName } from '../stack/signedInName';
import { cleanUp } from './cleanUp';
import { cleanUpText, smokeText } from './smokeText';
import { newSmokeDataset, outputsFor, smokeTest } from './smokeTest';

const cleanUpPatienceMs = 120_000;

interface SmokeOptions {
  readonly stack: string;
  /** Folder below which `npm run up:local` keeps its stacks. */
  readonly local: string;
  /** Seconds. */
  readonly timeout: number;
  /** Last step to look for. */
  readonly until: string;
  /** The raw file to drop instead of one that the command makes. */
  readonly raw: string | undefined;
  /** Lets the delivery of the test go where people approve releases. */
  readonly approve: boolean;
  readonly 'keep-evidence': boolean;
  /** Data set of an earlier test: takes away what it left, and nothing else. */
  readonly 'clean-up': string | undefined;
  readonly json: boolean;
}

/** Tests a deployed stack, or takes away what an earlier test left there. */
export async function smoke(options: SmokeOptions, isLocal: boolean, root: string, terminal: Terminal): Promise<number> {
  const { stack, local, 'clean-up': leftBehind } = options;
  const interruption = onInterrupt(() => undefined, cleanUpPatienceMs);
  const outputs = await whileWorking(terminal, 'reading the stack', readStackOutputs(stack, local, root, process.env));
  const credential = personCredential(process.env);
  return leftBehind === undefined
    ? test(options, outputs, credential, { isLocal, interruption, terminal })
    : takeAway(options, leftBehind, outputs, credential, terminal);
}

async function takeAway(
  { stack, json }: SmokeOptions,
  dataset: string,
  outputs: StackOutputs,
  credential: TokenCredential,
  terminal: Terminal,
): Promise<number> {
  const reader = new EvidenceReader(outputsFor(outputs, dataset), credential);
  const done = await whileWorking(terminal, `taking away what ${dataset} left`, cleanUp(reader, credential));
  if (json) process.stdout.write(`${JSON.stringify({ stack, dataset, ...done })}\n`);
  else cleanUpText(done, terminal.paint).forEach(terminal.line);
  return done.left.length === 0 ? 0 : 1;
}

async function test(
  { stack, until, timeout, raw, approve, 'keep-evidence': keepEvidence, json }: SmokeOptions,
  outputs: StackOutputs,
  credential: TokenCredential,
  { isLocal, interruption, terminal }: { isLocal: boolean; interruption: ReturnType<typeof onInterrupt>; terminal: Terminal },
): Promise<number> {
  const live = showSteps(terminal, { silent: json, rounds: 1 });
  const report = await smokeTest({
    outputs,
    credential,
    dataset: newSmokeDataset(),
    until,
    timeoutMs: timeout * 1_000,
    keepEvidence,
    ...(approve ? { approveAs: await signedInName(credential) } : {}),
    pollMs: isLocal ? 300 : 3_000,
    signal: interruption.signal,
    ...(raw === undefined ? {} : { raw }),
    events: { phase: live.phase, waiting: (step) => live.waiting(1, step), step: live.step },
  }).finally(() => live.end());
  if (json) process.stdout.write(`${JSON.stringify({ stack, ...report })}\n`);
  else smokeText(report, terminal.paint, keepEvidence).forEach(terminal.line);
  const done =
    report.error === undefined && report.steps.length > 0 && report.steps.every(({ ok }) => ok) && report.cleanedUp.left.length === 0;
  return interruption.exitCode() ?? (done ? 0 : 1);
}
