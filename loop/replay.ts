import type { DatasetManifest } from '../contracts/datasetManifest';
import type { ReplayResult } from './report';
import type { SiteConsole } from './siteConsole';
import type { Sent } from './step';

/** `replayed` counts the rounds of this region: each has days of its own. */
export interface ReplayRound {
  readonly round: number;
  readonly replayed: number;
  readonly last: boolean;
  readonly sent: Sent;
  readonly signal: AbortSignal;
}
/** What the line runs in a round, and what the deployed package said of it. */
export type Replay = (
  site: SiteConsole,
  manifest: DatasetManifest,
  files: readonly string[],
  round: ReplayRound,
) => Promise<readonly ReplayResult[]>;
