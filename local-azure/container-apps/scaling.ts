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
