import { duration } from './duration';
import type { Terminal } from './terminal';

const tickMs = 250;

/** The live line of a terminal: what is under way, and for how long the command has been at work. */
export interface Progress {
  phase(text: string): void;
  end(): void;
}

export function showProgress(terminal: Terminal, first = ''): Progress {
  const began = performance.now();
  let phase = first;
  const ticking = setInterval(() => terminal.live(terminal.paint.dim(`  ${phase} (${duration(performance.now() - began)})`)), tickMs);
  return {
    phase: (text) => void (phase = text),
    end: () => {
      clearInterval(ticking);
      terminal.live('');
    },
  };
}

/** Shows what is under way until it is done, or has failed. */
export async function whileWorking<T>(terminal: Terminal, text: string, work: Promise<T>): Promise<T> {
  const progress = showProgress(terminal, text);
  try {
    return await work;
  } finally {
    progress.end();
  }
}
