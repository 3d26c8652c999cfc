import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closingText, isReached } from '../loop/closingText';
import { onInterrupt } from '../command-line/interruption';
import { endProcessesOf, regionMarker } from '../loop/leftovers';
import { faultyLine } from '../loop/faultyLine';
import { runLocalLoop } from '../loop/localLoop';
import { rawFilesAt } from '../loop/rawFiles';
import { claimRegionDirectory, regionDirectory } from '../loop/regionDirectory';
import { replayStretches } from '../loop/replayStretches';
import type { LoopReport } from '../loop/report';
import { reportPage } from '../loop/page/reportPage';
import { simulatedRawFiles, sisterMachineFiles } from '../loop/simulatedRawFiles';
import { duration, evidenceLine } from '../loop/stepTable';
import { createTerminal } from '../command-line/terminal';
import { readStackFile } from '../plan/stackFile';
import { readStartOptions, startHelp } from './start/startOptions';
import { UsageError } from '../command-line/usageError';

const root = join(__dirname, '..');
const columns = (names: string | undefined) =>
  names
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

async function start(): Promise<number> {
  const options = readStartOptions(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd(), root);
  if (options === 'help') {
    process.stdout.write(startHelp);
    return 0;
  }
  const { local, json, rounds } = options;
  const rawFiles = options.raw === undefined ? undefined : rawFilesAt(options.raw);
  if (rawFiles?.length === 0) throw new UsageError(`--raw ${options.raw ?? ''}: the folder holds no files.`);
  const stack = options.stack === undefined ? undefined : readStackFile(root, options.stack, 'secret');
  if (stack !== undefined && stack.secretKeys.length > 0)
    throw new UsageError(
      `--stack ${stack.stack}: ${stack.secretKeys.join(', ')} is encrypted; expected plain values, the stack needs no secret.`,
    );
  const directory = await claimRegionDirectory(local, options.continues);
  const interruption = onInterrupt(() => endProcessesOf(directory));
  // The build tool's own process is marked like the region's children.
  process.env[regionMarker] = regionDirectory(local);
  for (const name of ['report.json', 'report.html']) rmSync(join(local, name), { force: true });

  const terminal = createTerminal(json ? process.stderr : process.stdout, { quiet: options.quiet || json, environment: process.env });
  const { paint } = terminal;
  const speak = !options.quiet && !json;
  const began = performance.now();
  let printed = false;
  let kept = false;
  let phase = '';
  let round = 0;
  const ticking = setInterval(() => terminal.live(paint.dim(`  ${phase} (${duration(performance.now() - began)})`)), 250);

  function print(finished: LoopReport): void {
    if (printed) return;
    printed = true;
    clearInterval(ticking);
    terminal.live('');
    const page = join(local, 'report.html');
    writeFileSync(join(local, 'report.json'), `${JSON.stringify(finished, null, 2)}\n`);
    writeFileSync(page, reportPage(finished));
    if (json) process.stdout.write(`${JSON.stringify(finished)}\n`);
    else for (const line of closingText(finished, paint, { root, page })) terminal.line(line);
  }

  const labelColumns = columns(options.labelColumns);
  const ignoredColumns = columns(options.ignoredColumns);
  const time = options.timeColumn;
  const report = await runLocalLoop({
    directory,
    rounds,
    ...(stack === undefined ? {} : { stack: { configuration: stack.configuration, ownData: rawFiles !== undefined } }),
    keep: options.keep,
    rawFiles: rawFiles ?? simulatedRawFiles(join(local, 'raw')),
    signal: interruption.signal,
    sampleIntervalMs: 1_000,
    dataset: {
      ...(time === undefined ? {} : { timeColumn: time }),
      ...(labelColumns ? { labelColumns } : {}),
      ...(ignoredColumns ? { ignoredColumns } : {}),
    },
    program: async () => (await import('../index')).default as unknown as Record<string, unknown>,
    ...(options.fault === undefined ? {} : { laterRawFiles: (inRound: number) => sisterMachineFiles(join(local, 'raw'), inRound) }),
    replay:
      options.fault !== undefined
        ? faultyLine(options.fault)
        : replayStretches(rawFiles === undefined, {
            ...(time === undefined ? {} : { time }),
            ...(labelColumns ? { labels: labelColumns } : {}),
            ...(ignoredColumns ? { ignored: ignoredColumns } : {}),
          }),
    events: {
      phase: (text) => (phase = text),
      waiting: (inRound, step) => (phase = `${rounds > 1 ? `round ${inRound}, ` : ''}${step.id} ${step.title} …`),
      step: (step) => {
        if (!speak || !isReached(step)) return;
        if (rounds > 1 && step.round !== round)
          terminal.line(paint.bold(`${step.round === 1 ? '' : '\n'}round ${step.round} of ${rounds}`));
        round = step.round;
        terminal.line(
          `${step.ok ? paint.ok('✓') : paint.bad('✗')} ${step.id.padEnd(4)}${step.title.padEnd(28)}${paint.dim(evidenceLine(step.evidence).slice(0, 36).padEnd(37))}${duration(step.durationMs).padStart(8)}`,
        );
      },
    },
    whileRunning: async (finished) => {
      if (!options.keep || interruption.signal.aborted) return;
      kept = true;
      print(finished);
      terminal.line('\nThe region is running; Ctrl-C ends it.');
      await new Promise<void>((resolve) => interruption.signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  });
  print(report);
  const done = report.error === undefined && report.steps.length > 0 && report.steps.every((step) => step.ok);
  // A region that was kept is ended by Ctrl-C; the run itself had ended before.
  return (kept ? undefined : interruption.exitCode()) ?? (done ? 0 : 1);
}

start().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error instanceof UsageError ? error.message : (error.stack ?? error.message)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
