import type { SimaticData } from '../../contracts/databus';

/** The sensors of the line at one time. */
export interface Sample {
  readonly time: string;
  /** null where the source calls the value bad. */
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
  /** True when a value of the sample is bad or uncertain. */
  readonly uncertain: boolean;
}

const bad = 0;
const good = 2;

export function sampleOf(data: SimaticData): Sample | undefined {
  const [first] = data.vals;
  if (!first) return undefined;
  return {
    time: first.ts,
    values: Object.fromEntries(data.vals.map(({ id, qc, val }) => [id, qc === bad ? null : val])),
    uncertain: data.vals.some(({ qc }) => qc < good),
  };
}
