import type { InferenceAnswer } from '../../contracts/databus';

interface SiteFacts {
  readonly freeBytes: number;
  readonly minFreeBytes: number;
  readonly packageBytes: number;
  readonly packageId: string;
  /** Undefined when the inference server did not answer. */
  readonly inference: InferenceAnswer | undefined;
}
/** The archive, its unpacked members and their unpacked components lie side by side for a while. */
const spaceFactor = 3;

/** Why the site cannot take a package now; undefined when it can. */
export function assessmentProblem({ freeBytes, minFreeBytes, packageBytes, packageId, inference }: SiteFacts): string | undefined {
  const needed = minFreeBytes + spaceFactor * packageBytes;
  if (freeBytes < needed) return `expected ${needed} bytes of free disk, got ${freeBytes}`;
  if (!inference) return 'the inference server does not answer';
  const active = inference.pipelines.filter(({ state }) => state === 'RUNNING' || state === 'MAPPED');
  const limit = inference.maxActivePipelines ?? Number.POSITIVE_INFINITY;
  if (active.length >= limit && !active.some((pipeline) => pipeline.packageId === packageId))
    return `expected fewer than ${limit} active pipelines, got ${active.length}`;
  return undefined;
}
