/** One step of the article's workflow in one round; `evidence` comes from the service concerned, never from the program. */
export interface StepResult { readonly round: number; readonly id: string; readonly title: string; readonly ok: boolean; readonly evidence: Record<string, unknown>; readonly durationMs: number }
export interface QuarantinedFile { readonly file: string; readonly row: number | null; readonly column: string | null; readonly reason: string }
/** What the deployed package said of a stretch that the production line replayed. */
export interface ReplayResult { readonly stretch: 'normal' | 'fault'; readonly source: string; readonly windows: number; readonly alarms: number; readonly alarmRate: number; readonly series: readonly { readonly at: string; readonly score: number; readonly alarm: boolean }[] }
export interface LoopReport {
  readonly rounds: number;
  readonly durationMs: number;
  readonly steps: readonly StepResult[];
  readonly quarantined: readonly QuarantinedFile[];
  readonly replays: readonly ReplayResult[];
  /** Milliseconds before the first step: bundles, region, deployment. */
  readonly startUp: { readonly bundlesMs: number; readonly regionMs: number; readonly deploymentMs: number; readonly resources: number };
  readonly refusals: readonly { readonly identity: string; readonly action: string; readonly scope: string; readonly status: number; readonly rolesThatGrant: readonly string[] }[];
  readonly error?: string;
}
