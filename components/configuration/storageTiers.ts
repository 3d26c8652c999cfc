import type { Lifecycle } from './resourceSettings';

export const tiers = ['hot', 'cool', 'cold', 'archive'] as const;
type Tier = (typeof tiers)[number];
export type TierDays = Readonly<Record<Tier, number>>;

/** What is never deleted is counted as it stands after this time; then it goes on growing. */
export const horizonDays = 365;

/** How long a deleted blob is still paid for: as a version, where there are any, and then as soft-deleted. */
export const daysAfterDeletion = ({
  softDeleteDays,
  versioning,
  versionDays,
}: {
  readonly softDeleteDays: number;
  readonly versioning: boolean;
  readonly versionDays: number;
}): number => (versioning ? versionDays : 0) + softDeleteDays;

/** Days that a blob spends in each tier within the horizon: a container that gets 1 GB a day holds that many GB. */
export function tierDays({ coolAfterDays, coldAfterDays, archiveAfterDays, deleteAfterDays }: Lifecycle, afterDeletion: number): TierDays {
  const end = Math.min(horizonDays, (deleteAfterDays ?? Infinity) + afterDeletion);
  const starts: readonly (number | undefined)[] = [0, coolAfterDays, coldAfterDays, archiveAfterDays];
  const lasts = (start: number | undefined, index: number) =>
    start === undefined ? 0 : Math.max(0, Math.min(end, starts.slice(index + 1).find((later) => later !== undefined) ?? end) - start);
  const [hot = 0, cool = 0, cold = 0, archive = 0] = starts.map(lasts);
  return { hot, cool, cold, archive };
}
export const sumOfDays = (days: TierDays): number => tiers.reduce((sum, tier) => sum + days[tier], 0);
