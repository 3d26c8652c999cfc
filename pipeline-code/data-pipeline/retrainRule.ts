import { isDeepStrictEqual } from 'node:util';
import { type DatasetManifest } from '../../contracts/datasetManifest';
import { type FeatureDefinition } from '../../contracts/features/featureDefinition';

/** What would become the next data version, as far as the rule must know. */
interface NextVersion {
  readonly definition: FeatureDefinition;
  readonly settings: DatasetManifest['settings'];
  readonly rawSha256: readonly string[];
  readonly recycledWindows: number;
}
interface RetrainLimits {
  readonly minNewWindows: number;
  readonly minIntervalSeconds: number;
}
type RetrainDecision =
  { readonly due: true } | { readonly due: false; readonly reason: string; readonly newWindows: number; readonly sinceSeconds: number };

/**
 * Whether a new data version is due. Raw files and settings that people change always make one; recycled data alone only when there is enough of
 * it and not too soon, or the loop would feed itself without an end.
 */
export function retrainDecision(
  last: Pick<DatasetManifest, 'createdAt' | 'features' | 'settings' | 'sources'> | undefined,
  next: NextVersion,
  limits: RetrainLimits,
  now: Date,
): RetrainDecision {
  if (last === undefined) return { due: true };
  const raw = last.sources.filter(({ origin }) => origin === 'raw').map(({ sha256 }) => sha256);
  if (
    !isDeepStrictEqual([...raw].sort(), [...next.rawSha256].sort()) ||
    !isDeepStrictEqual(last.features, next.definition) ||
    !isDeepStrictEqual(last.settings, next.settings)
  )
    return { due: true };
  const before = last.sources.filter(({ origin }) => origin === 'landing-zone').reduce((sum, { windows }) => sum + windows, 0);
  const newWindows = next.recycledWindows - before;
  const sinceSeconds = Math.floor((now.getTime() - Date.parse(last.createdAt)) / 1000);
  if (newWindows < limits.minNewWindows)
    return {
      due: false,
      reason: `expected at least ${limits.minNewWindows} new windows, there are ${newWindows}`,
      newWindows,
      sinceSeconds,
    };
  if (sinceSeconds < limits.minIntervalSeconds)
    return {
      due: false,
      reason: `expected at least ${limits.minIntervalSeconds} s since the last data version, ${sinceSeconds} s have passed`,
      newWindows,
      sinceSeconds,
    };
  return { due: true };
}
