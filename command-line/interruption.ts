const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
export const interruptedStatus = exitCodes.SIGINT;
/** npm passes an interrupt on that the terminal has sent already; what comes this soon after the first is the same key stroke. */
const sameInterruptMs = 500;

/** Whether somebody beside `endOnSignals` listens to a signal, to end in an order of its own. */
export const isAwaited = (signal: keyof typeof exitCodes): boolean => process.listenerCount(signal) > 1;

/** A signal that nobody else awaits ends the process at once, with the status that says so. */
export function endOnSignals(): void {
  for (const [signal, exitCode] of Object.entries(exitCodes) as [keyof typeof exitCodes, number][])
    process.on(signal, () => {
      if (!isAwaited(signal)) process.exit(exitCode);
    });
}

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted');
  }
}

interface Interruption {
  readonly signal: AbortSignal;
  /** 128 and the signal's number, once one came. */
  exitCode(): number | undefined;
}

/** The first signal asks for an orderly end; a second one, or an end that takes longer than `patienceMs`, forces it. */
export function onInterrupt(forced: () => void, patienceMs = 30_000): Interruption {
  const controller = new AbortController();
  let code: number | undefined;
  let firstAt = 0;
  const force = () => {
    forced();
    process.exit(code);
  };
  for (const [signal, exitCode] of Object.entries(exitCodes)) {
    process.on(signal, () => {
      if (code !== undefined) {
        if (performance.now() - firstAt > sameInterruptMs) force();
        return;
      }
      code = exitCode;
      firstAt = performance.now();
      if (process.stderr.isTTY) process.stderr.write('\nending what runs; once more ends it at once\n');
      setTimeout(force, patienceMs).unref();
      controller.abort();
    });
  }
  return { signal: controller.signal, exitCode: () => code };
}

/** Rejects with Interrupted as soon as the signal comes; what was under way goes on by itself and its outcome is dropped. */
export async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abandon: () => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    abandon = () => reject(new Interrupted());
    if (signal.aborted) abandon();
    else signal.addEventListener('abort', abandon, { once: true });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}
