import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DefaultAzureCredential } from '@azure/identity';
import { isReached } from './loop/closingText';
import { EvidenceReader } from './loop/evidenceReader';
import { onInterrupt } from './loop/interruption';
import { duration, evidenceLine } from './loop/stepTable';
import { createTerminal } from './loop/terminal';
import { cleanUp } from './smoke/cleanUp';
import { operatorEnvironment, readStackOutputs } from './smoke/deployedStack';
import { smokeText } from './smoke/smokeText';
import { newSmokeDataset, outputsFor, smokeTest } from './smoke/smokeTest';
import { readSmokeOptions, smokeHelp } from './smokeOptions';
import { UsageError } from './startOptions';

const root = join(__dirname, '..');
const cleanUpPatienceMs = 120_000;
const known = ['login.microsoftonline.com', 'login.microsoftonline.us', 'login.chinacloudapi.cn', 'login.partner.microsoftonline.cn'];

/** Certificate authorities are read when a process starts, so the operator of a local stack signs in in a process of its own. */
async function inEnvironment(environment: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, ...environment } });
  // A terminal interrupts both; a signal to this one alone is passed on. The other ends in its own order either way.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function smoke(): Promise<number> {
  const options = readSmokeOptions(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd(), root);
  if (options === 'help') {
    process.stdout.write(smokeHelp);
    return 0;
  }
  const operator = operatorEnvironment(options.local, options.stack);
  if (operator && Object.entries(operator).some(([name, value]) => process.env[name] !== value)) return inEnvironment(operator);

  const { json } = options;
  const interruption = onInterrupt(() => undefined, cleanUpPatienceMs);
  const terminal = createTerminal(json ? process.stderr : process.stdout, { quiet: json, environment: process.env });
  const { paint } = terminal;
  const outputs = await readStackOutputs(options.stack, options.local, root, process.env);
  const authority = process.env['AZURE_AUTHORITY_HOST'];
  const credential = new DefaultAzureCredential({ disableInstanceDiscovery: authority !== undefined && !known.includes(new URL(authority).hostname) });
  if (options.cleanUp !== undefined) {
    const done = await cleanUp(new EvidenceReader(outputsFor(outputs, options.cleanUp), credential), credential);
    if (json) process.stdout.write(`${JSON.stringify({ stack: options.stack, dataset: options.cleanUp, ...done })}\n`);
    else for (const line of [`taken away: ${Object.entries(done.removed).map(([what, count]) => `${count} ${what}`).join(', ') || 'nothing'}`, ...done.left.map((one) => paint.bad(`not taken away: ${one}`))]) terminal.line(line);
    return done.left.length === 0 ? 0 : 1;
  }

  const began = performance.now();
  let phase = 'reading the stack';
  const ticking = setInterval(() => terminal.live(paint.dim(`  ${phase} (${duration(performance.now() - began)})`)), 250);
  const report = await smokeTest({
    outputs, credential, dataset: newSmokeDataset(), until: options.until, timeoutMs: options.timeoutSeconds * 1_000, keepEvidence: options.keepEvidence, pollMs: operator ? 300 : 3_000, signal: interruption.signal,
    ...(options.raw === undefined ? {} : { raw: options.raw }),
    events: {
      phase: (text) => (phase = text),
      waiting: (step) => (phase = `${step.id} ${step.title} …`),
      step: (step) => {
        if (json || !isReached(step)) return;
        terminal.line(`${step.ok ? paint.ok('✓') : paint.bad('✗')} ${step.id.padEnd(4)}${step.title.padEnd(28)}${paint.dim(evidenceLine(step.evidence).slice(0, 36).padEnd(37))}${duration(step.durationMs).padStart(8)}`);
      },
    },
  });
  clearInterval(ticking);
  terminal.live('');
  if (json) process.stdout.write(`${JSON.stringify({ stack: options.stack, ...report })}\n`);
  else for (const line of smokeText(report, paint, options.keepEvidence)) terminal.line(line);
  const done = report.error === undefined && report.steps.length > 0 && report.steps.every(({ ok }) => ok) && report.cleanedUp.left.length === 0;
  return interruption.exitCode() ?? (done ? 0 : 1);
}

smoke().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error instanceof UsageError ? error.message : (error.stack ?? error.message)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
