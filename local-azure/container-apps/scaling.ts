/** KEDA's arithmetic for scaled jobs: how many executions to start now. */
export function executionsToStart(state: {
  readonly messages: number;
  readonly messagesPerExecution: number;
  readonly running: number;
  readonly minExecutions: number;
  readonly maxExecutions: number;
}): number {
  const wanted = Math.max(state.minExecutions, Math.ceil(state.messages / state.messagesPerExecution));
  return Math.max(0, Math.min(state.maxExecutions, wanted) - state.running);
}

/** Waiting time before the next attempt: doubles, with a ceiling and up to a fifth of jitter. */
export function backOffMs(
  failures: number,
  options: { readonly firstMs: number; readonly ceilingMs: number },
  random = Math.random(),
): number {
  return Math.min(options.ceilingMs, options.firstMs * 2 ** Math.min(failures - 1, 30)) * (1 + random / 5);
}
