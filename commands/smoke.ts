import { join } from 'node:path';
import { isReached } from '../loop/closingText';
import { EvidenceReader } from '../loop/evidenceReader';
import { onInterrupt } from '../command-line/interruption';
import { duration, evidenceLine } from '../loop/stepTable';
import { createTerminal } from '../command-line/terminal';
import { whoDecides } from './release/whoDecides';
import { cleanUp } from './smoke/cleanUp';
import { smokeText } from './smoke/smokeText';
import { newSmokeDataset, outputsFor, smokeTest } from './smoke/smokeTest';
import { readSmokeOptions, smokeHelp, type SmokeOptions } from './smoke/smokeOptions';
import { readStackOutputs } from './stack/deployedStack';
import { asOperator, personCredential } from './stack/signIn';
import { UsageError } from '../command-line/usageError';

const root = join(__dirname, '..');
const cleanUpPatienceMs = 120_000;

async function smoke(): Promise<number> {
  const options = readSmokeOptions(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd(), root);
  if (options === 'help') {
    process.stdout.write(smokeHelp);
    return 0;
  }
  return asOperator(options.local, options.stack, (isLocal) => test(options, isLocal));
}

async function test(options: SmokeOptions, isLocal: boolean): Promise<number> {
  const { json } = options;
  const interruption = onInterrupt(() => undefined, cleanUpPatienceMs);
  const terminal = createTerminal(json ? process.stderr : process.stdout, { quiet: json, environment: process.env });
  const { paint } = terminal;
  const outputs = await readStackOutputs(options.stack, options.local, root, process.env);
  const credential = personCredential(process.env);
  if (options.cleanUp !== undefined) {
    const done = await cleanUp(new EvidenceReader(outputsFor(outputs, options.cleanUp), credential), credential);
    if (json) process.stdout.write(`${JSON.stringify({ stack: options.stack, dataset: options.cleanUp, ...done })}\n`);
    else
      for (const line of [
        `taken away: ${
          Object.entries(done.removed)
            .map(([what, count]) => `${count} ${what}`)
            .join(', ') || 'nothing'
        }`,
        ...done.left.map((one) => paint.bad(`not taken away: ${one}`)),
      ])
        terminal.line(line);
    return done.left.length === 0 ? 0 : 1;
  }

  const began = performance.now();
  let phase = 'reading the stack';
  const ticking = setInterval(() => terminal.live(paint.dim(`  ${phase} (${duration(performance.now() - began)})`)), 250);
  const report = await smokeTest({
    outputs,
    credential,
    dataset: newSmokeDataset(),
    until: options.until,
    timeoutMs: options.timeoutSeconds * 1_000,
    keepEvidence: options.keepEvidence,
    ...(options.approve ? { approveAs: await whoDecides(credential) } : {}),
    pollMs: isLocal ? 300 : 3_000,
    signal: interruption.signal,
    ...(options.raw === undefined ? {} : { raw: options.raw }),
    events: {
      phase: (text) => (phase = text),
      waiting: (step) => (phase = `${step.id} ${step.title} …`),
      step: (step) => {
        if (json || !isReached(step)) return;
        terminal.line(
          `${step.ok ? paint.ok('✓') : paint.bad('✗')} ${step.id.padEnd(4)}${step.title.padEnd(28)}${paint.dim(evidenceLine(step.evidence).slice(0, 36).padEnd(37))}${duration(step.durationMs).padStart(8)}`,
        );
      },
    },
  });
  clearInterval(ticking);
  terminal.live('');
  if (json) process.stdout.write(`${JSON.stringify({ stack: options.stack, ...report })}\n`);
  else for (const line of smokeText(report, paint, options.keepEvidence)) terminal.line(line);
  const done =
    report.error === undefined && report.steps.length > 0 && report.steps.every(({ ok }) => ok) && report.cleanedUp.left.length === 0;
  return interruption.exitCode() ?? (done ? 0 : 1);
}

smoke().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error instanceof UsageError ? error.message : (error.stack ?? error.message)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
