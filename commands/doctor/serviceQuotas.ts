import { z } from 'zod';
import type { Configuration } from '../../components/configuration/schema';
import { problem, ready, unchecked, type Finding } from './finding';

/** What a service says about a limit of the subscription. */
export const quotaAnswer = z.object({ name: z.object({ value: z.string() }), currentValue: z.number(), limit: z.number() });
type QuotaAnswer = z.output<typeof quotaAnswer>;

/** A limit that a deployment of the stack runs into. */
interface Quota {
  readonly check: string;
  /** Below the subscription. */
  readonly path: (location: string) => string;
  readonly counts: RegExp;
  readonly needed: (configuration: Pick<Configuration, 'parts'>) => number;
  readonly what: string;
}

const [ofPlatform, ofFactory] = [
  (parts: Configuration['parts']) => parts !== 'factory',
  (parts: Configuration['parts']) => parts !== 'platform',
];
export const quotas: readonly Quota[] = [
  {
    check: 'storage quota',
    path: (location) => `Microsoft.Storage/locations/${location}/usages?api-version=2023-05-01`,
    counts: /^StorageAccounts$/i,
    needed: ({ parts }) => (ofPlatform(parts) ? 1 : 0) + (ofFactory(parts) ? 2 : 0),
    what: 'storage accounts in the region',
  },
  {
    check: 'container apps quota',
    path: (location) => `Microsoft.App/locations/${location}/usages?api-version=2024-03-01`,
    counts: /^ManagedEnvironmentCount$/i,
    needed: ({ parts }) => (ofFactory(parts) ? 1 : 0),
    what: 'Container Apps environments in the region',
  },
  {
    check: 'IoT hub quota',
    path: () => 'Microsoft.Devices/usages?api-version=2023-06-30',
    counts: /paid/i,
    needed: ({ parts }) => (ofFactory(parts) ? 1 : 0),
    what: 'paid IoT hubs in the subscription',
  },
];

/** Is there room for what the stack makes? -1 is no limit. */
export function judgeQuota({ check, counts, what }: Quota, needed: number, answers: readonly QuotaAnswer[]): Finding {
  const found = answers.find(({ name }) => counts.test(name.value));
  if (found === undefined) return unchecked(check, `the service says nothing about ${what}`);
  const free = found.limit < 0 ? Infinity : found.limit - found.currentValue;
  const counted = `${needed} needed of ${what}, ${free === Infinity ? 'no limit' : `${free} of ${found.limit} are free`}`;
  return free >= needed
    ? ready(check, counted)
    : problem(
        check,
        counted,
        `ask for more ${what} (Azure portal, Quotas) or choose another region or subscription; nothing where this stack is deployed already`,
      );
}
