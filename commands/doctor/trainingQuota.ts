import { z } from 'zod';
import { note, problem, ready, unchecked, type Finding } from './finding';

/** Answers of Azure ML about a region: sizes that it offers, and cores that the subscription may use. */
export const sizeAnswer = z.object({ name: z.string(), family: z.string(), vCPUs: z.number() });
type SizeAnswer = z.output<typeof sizeAnswer>;
export const usageAnswer = z.object({ name: z.object({ value: z.string() }), currentValue: z.number(), limit: z.number() });
type UsageAnswer = z.output<typeof usageAnswer>;

const check = 'training quota';

/** Is there room for the training cluster at its largest? -1 is no limit. */
export function judgeTrainingQuota(
  sizes: readonly SizeAnswer[],
  usages: readonly UsageAnswer[],
  cluster: { vmSize: string; maxNodes: number },
  location: string,
): Finding {
  const size = sizes.find(({ name }) => name.toLowerCase() === cluster.vmSize.toLowerCase());
  if (size === undefined)
    return problem(
      check,
      `Azure ML offers no ${cluster.vmSize} in ${location}`,
      'choose a size that "az ml compute list-sizes" shows for the region',
    );
  const usage = usages.find(({ name }) => name.value.toLowerCase() === size.family.toLowerCase());
  if (usage === undefined) return unchecked(check, `Azure ML says nothing about the family ${size.family} of ${size.name}`);
  const needed = size.vCPUs * cluster.maxNodes;
  const free = usage.limit < 0 ? Infinity : usage.limit - usage.currentValue;
  const counted = `${cluster.maxNodes} x ${size.name} are ${needed} cores of ${size.family}; ${free === Infinity ? 'no limit' : `${free} of ${usage.limit} are free`}`;
  if (free >= needed) return ready(check, counted);
  const fix = `ask for more cores of ${size.family} for Machine Learning in ${location} (Azure portal, Quotas)`;
  return free >= size.vCPUs
    ? note(check, `${counted}: training runs, but the cluster cannot grow to its largest`, fix)
    : problem(check, counted, fix);
}
