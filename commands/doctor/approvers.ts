import type { Configuration } from '../../components/configuration/schema';
import { problem, ready, type Finding } from './finding';

/** Where packages wait for a person: is there one? */
export function judgeApprovers({ release, approvers, parts }: Pick<Configuration, 'release' | 'approvers' | 'parts'>): Finding[] {
  if (release === 'automatic' || parts === 'platform') return [];
  return [
    approvers.length > 0
      ? ready('approvers', `${approvers.length} may let a package go to the factory`)
      : problem(
          'approvers',
          'release is approved and approvers is empty: packages would wait for ever',
          'name who may approve in factory-loop:approvers, or set factory-loop:release to automatic',
        ),
  ];
}
