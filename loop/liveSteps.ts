import { duration } from '../command-line/duration';
import { showProgress, type Progress } from '../command-line/progress';
import type { Terminal } from '../command-line/terminal';
import { isReached } from './closingText';
import type { StepResult } from './report';
import type { Step } from './step';
import { evidenceLine } from './stepTable';

/** What a person sees of the loop while it goes round: a line for each step, and below them what is under way. */
interface LiveSteps extends Progress {
  waiting(round: number, step: Step): void;
  step(result: StepResult): void;
}

export function showSteps(terminal: Terminal, { silent, rounds }: { readonly silent: boolean; readonly rounds: number }): LiveSteps {
  const { paint, line } = terminal;
  const progress = showProgress(terminal);
  let shownRound = 0;
  return {
    ...progress,
    waiting: (round, { id, title }) => progress.phase(`${rounds > 1 ? `round ${round}, ` : ''}${id} ${title} …`),
    step: (result) => {
      if (silent || !isReached(result)) return;
      const { round, id, title, ok, evidence, durationMs } = result;
      if (rounds > 1 && round !== shownRound) line(paint.bold(`${round === 1 ? '' : '\n'}round ${round} of ${rounds}`));
      shownRound = round;
      const found = paint.dim(evidenceLine(evidence).slice(0, 36).padEnd(37));
      line(`${ok ? paint.ok('✓') : paint.bad('✗')} ${id.padEnd(4)}${title.padEnd(28)}${found}${duration(durationMs).padStart(8)}`);
    },
  };
}
