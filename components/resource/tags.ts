import type { Configuration } from '../configuration/schema';
import type { Tags } from './uniformComponent';

/** Tags of every resource of a stack; the stack's own come first and cannot hide where a resource belongs. */
export const stackTags = (
  { tags, factory, profile, environment, costCentre }: Pick<Configuration, 'tags' | 'factory' | 'profile' | 'environment' | 'costCentre'>,
  stack: string,
): Tags => {
  const own = {
    product: 'factory-loop',
    factory,
    profile,
    environment,
    stack,
    ...(costCentre === undefined ? {} : { 'cost-centre': costCentre }),
  };
  // To Azure, names of tags that differ by case only are one.
  return { ...Object.fromEntries(Object.entries(tags).filter(([name]) => !(name.toLowerCase() in own))), ...own };
};
