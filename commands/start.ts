import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runLocalLoop } from './loop/localLoop';
import { rawFilesAt } from './loop/rawFiles';
import { emptyRegionDirectory } from './loop/regionDirectory';
import { replayStretches } from './loop/replayStretches';
import type { LoopReport } from './loop/report';
import { simulatedRawFiles } from './loop/simulatedRawFiles';
import { duration, evidenceLine, stepTable } from './loop/stepTable';
import { createTerminal } from './loop/terminal';
import { readStartOptions, startHelp, UsageError } from './startOptions';

const root = join(__dirname, '..');
const columns = (names: string | undefined) => names?.split(',').map((one) => one.trim()).filter((one) => one !== '');

function closingLines(report: LoopReport): string[] {
  const replays = report.replays.map(({ stretch, source, windows, alarms }) => `${stretch === 'fault' ? 'fault replayed' : 'normal stretch'}: ${alarms} alarms in ${windows} windows (${source})`);
  const refused = report.quarantined.map(({ file, row, column, reason }) => `quarantined ${file}: row ${row ?? '-'}, column ${column ?? '-'}: ${reason}`);
  return [...replays, ...refused];
}

async function start(): Promise<number> {
  const options = readStartOptions(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd(), root);
  if (options === 'help') {
    process.stdout.write(startHelp);
    return 0;
  }
  const terminal = createTerminal(options.json ? process.stderr : process.stdout, { quiet: options.quiet || options.json, environment: process.env });
  const { paint } = terminal;
  const speak = !options.quiet && !options.json;
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort());

  const directory = emptyRegionDirectory(options.local);
  const rawFiles = options.raw === undefined ? simulatedRawFiles(join(options.local, 'raw')) : rawFilesAt(options.raw);
  if (rawFiles.length === 0) throw new UsageError(`--raw ${options.raw ?? ''}: the folder holds no files.`);

  const { local, json } = options;
  const began = performance.now();
  let printed = false;
  let phase = '';
  const ticking = setInterval(() => terminal.live(paint.dim(`  ${phase} (${duration(performance.now() - began)})`)), 250);
  const labelColumns = columns(options.labelColumns);
  const ignoredColumns = columns(options.ignoredColumns);
  const report = await runLocalLoop({
    directory, rawFiles, signal: interrupt.signal, sampleIntervalMs: 1_000,
    dataset: { ...(options.timeColumn === undefined ? {} : { timeColumn: options.timeColumn }), ...(labelColumns ? { labelColumns } : {}), ...(ignoredColumns ? { ignoredColumns } : {}) },
    program: async () => (await import('../index')).default as unknown as Record<string, unknown>,
    replay: replayStretches(options.raw === undefined, { ...(options.timeColumn === undefined ? {} : { time: options.timeColumn }), ...(labelColumns ? { labels: labelColumns } : {}), ...(ignoredColumns ? { ignored: ignoredColumns } : {}) }),
    events: {
      phase: (text) => (phase = text),
      waiting: (step) => (phase = `${step.id} ${step.title} …`),
      step: ({ id, title, ok, evidence, durationMs }) => {
        if (speak) terminal.line(`${ok ? paint.ok('✓') : paint.bad('✗')} ${id.padEnd(3)} ${title.padEnd(28)}${paint.dim(evidenceLine(evidence).slice(0, 36).padEnd(37))}${duration(durationMs).padStart(7)}`);
      },
    },
    whileRunning: async (finished) => {
      if (!options.keep || interrupt.signal.aborted) return;
      clearInterval(ticking);
      print(finished);
      terminal.line('\nThe region is running; Ctrl-C ends it.');
      await new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  });
  clearInterval(ticking);
  terminal.live('');

  function print(finished: LoopReport): void {
    if (printed) return;
    printed = true;
    writeFileSync(join(local, 'report.json'), `${JSON.stringify(finished, null, 2)}\n`);
    if (json) {
      process.stdout.write(`${JSON.stringify(finished)}\n`);
      return;
    }
    terminal.line(`\n${stepTable(finished.steps, paint)}\n`);
    for (const line of closingLines(finished)) terminal.line(line);
    const broken = finished.steps.find((step) => !step.ok);
    if (finished.error !== undefined) terminal.line(paint.bad(finished.error));
    else if (broken) terminal.line(paint.bad(`step ${broken.id} failed: ${evidenceLine(broken.evidence)}`));
    terminal.line(`${finished.steps.filter((step) => step.ok).length} of ${finished.steps.length} steps in ${duration(finished.durationMs)}, report in ${relative(root, join(local, 'report.json'))}`);
  }
  print(report);
  return report.error === undefined && report.steps.length > 0 && report.steps.every((step) => step.ok) ? 0 : 1;
}

start().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error instanceof UsageError ? error.message : (error.stack ?? error.message)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
