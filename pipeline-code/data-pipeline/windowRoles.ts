import { type WindowRole } from '../../contracts/datasetManifest';

interface Recording {
  readonly source: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly labelled: boolean;
}
/** Windows that lie wholly within a segment have its role; those across a border have none, so no sample is seen by two roles. */
export interface RoleSegment {
  readonly source: string;
  readonly role: WindowRole;
  readonly fromMs: number;
  readonly toMs: number;
}

const trainShare = 0.6;
const calibrateShare = 0.2;
/** With fewer windows than this in a part, a recording is not divided but given to one role as a whole. */
const minPartWindows = 2;
/** Roles of recordings too short to divide, in turn. */
const turns: readonly WindowRole[] = ['train', 'calibrate', 'held-out', 'train', 'train'];

/**
 * The reference part of each recording is divided in time into train, calibrate and held-out; what comes after it only judges.
 * 'auto': with labels the first 40 % are taken for normal operation, without labels all of it.
 */
export function roleSegments(
  recordings: readonly Recording[],
  referenceFraction: number | 'auto',
  windowMs: number,
  strideMs: number,
): RoleSegment[] {
  const shortest = windowMs + (minPartWindows - 1) * strideMs;
  let turn = 0;
  return recordings.flatMap(({ source, firstMs, lastMs, labelled }) => {
    const fraction = referenceFraction === 'auto' ? (labelled ? 0.4 : 1) : referenceFraction;
    const length = lastMs - firstMs + 1;
    const at = (share: number) => firstMs + Math.round(length * fraction * share);
    const referenceEnd = at(1);
    const judged: RoleSegment[] = fraction < 1 ? [{ source, role: 'evaluate', fromMs: referenceEnd, toMs: lastMs }] : [];
    const borders = [firstMs, at(trainShare), at(trainShare + calibrateShare), fraction < 1 ? referenceEnd : lastMs];
    const parts = (['train', 'calibrate', 'held-out'] as const).map((role, index): RoleSegment => ({
      source,
      role,
      fromMs: borders[index] ?? firstMs,
      toMs: borders[index + 1] ?? lastMs,
    }));
    if (parts.every((part) => part.toMs - part.fromMs >= shortest)) return [...parts, ...judged];
    const role = turns[turn % turns.length] ?? 'train';
    turn += 1;
    return [{ source, role, fromMs: firstMs, toMs: borders[3] ?? lastMs }, ...judged];
  });
}

/** A window must hold some samples to have a spread; data slower than the wanted windows get windows of their own pace. */
export function windowFor(
  { windowSeconds, strideSeconds }: { readonly windowSeconds: number; readonly strideSeconds: number },
  medianStepMs: number,
): { windowSeconds: number; strideSeconds: number; minSamples: number; widened: boolean } {
  const samples = (windowSeconds * 1000) / medianStepMs;
  if (samples >= 8) return { windowSeconds, strideSeconds, minSamples: Math.max(2, Math.floor(samples / 2)), widened: false };
  return { windowSeconds: (30 * medianStepMs) / 1000, strideSeconds: (5 * medianStepMs) / 1000, minSamples: 15, widened: true };
}
