import type { LineState } from '../contracts/databus';

/** One step of the article's workflow in one round; `evidence` comes from the service concerned, never from the program. */
export interface StepResult {
  readonly round: number;
  readonly id: string;
  readonly title: string;
  readonly ok: boolean;
  readonly evidence: Record<string, unknown>;
  readonly durationMs: number;
}
export interface QuarantinedFile {
  readonly file: string;
  readonly row: number | null;
  readonly column: string | null;
  readonly reason: string;
}
interface ScoredWindow {
  readonly at: string;
  readonly score: number;
  readonly alarm: boolean;
}
/** What the deployed package said of a stretch that the production line ran. */
export interface ReplayResult {
  readonly round: number;
  /** 'recovering': the fault has just been switched off, and what it had warmed is still warm. */
  readonly stretch: 'normal' | 'fault' | 'recovering';
  readonly source: string;
  readonly packageVersions: readonly string[];
  /** Where the line's own fault switch stood; recordings are replayed whatever it says. */
  readonly lineFault: LineState['fault'];
  readonly samples: number;
  readonly windows: number;
  readonly alarms: number;
  readonly alarmRate: number;
  readonly threshold: number | null;
  readonly series: readonly ScoredWindow[];
}
/** What a round made of which data. */
export interface RoundSummary {
  readonly round: number;
  readonly dataVersion?: string;
  readonly rawSources: number;
  readonly landingSources: number;
  readonly windows: number;
  /** Windows of the landing-zone sources that were trained on: none where the line ran with a fault. */
  readonly landingWindows: number;
  readonly modelVersion?: string;
  readonly packageVersion?: string;
  readonly stage?: string;
  readonly gate: Readonly<Record<string, string>>;
}
/** The way back: what its sender counted, what arrived, and what is left when that which came more than once is counted once. */
interface SentAndArrived {
  readonly sent: number;
  readonly arrived: number;
  readonly distinct: number;
}
export interface LoopReport {
  readonly startedAt: string;
  readonly factory?: string;
  readonly rounds: number;
  readonly durationMs: number;
  readonly steps: readonly StepResult[];
  readonly summaries: readonly RoundSummary[];
  readonly quarantined: readonly QuarantinedFile[];
  readonly replays: readonly ReplayResult[];
  /** What Application Insights holds of what the programs of the site had sent when the last round ended. */
  readonly telemetry: { readonly logs: SentAndArrived; readonly metrics: SentAndArrived };
  /** Records of the landing zone, against what the line sent and the inference server answered. */
  readonly recycled: SentAndArrived;
  /** Milliseconds before the first step: bundles, region, deployment. */
  readonly startUp: { readonly bundlesMs: number; readonly regionMs: number; readonly deploymentMs: number; readonly resources: number };
  readonly refusals: readonly {
    readonly identity: string;
    readonly action: string;
    readonly scope: string;
    readonly status: number;
    readonly rolesThatGrant: readonly string[];
  }[];
  readonly error?: string;
}
