import type { Configuration } from './configurationSchema';
import type { Tags } from './uniformComponent';

/** Tags of every resource of a stack; the stack's own come first and cannot hide where a resource belongs. */
export const stackTags = (
  { tags, factory, profile, environment, costCentre }: Pick<Configuration, 'tags' | 'factory' | 'profile' | 'environment' | 'costCentre'>,
  stack: string,
): Tags => ({
  ...tags,
  product: 'factory-loop',
  factory,
  profile,
  environment,
  stack,
  ...(costCentre === undefined ? {} : { 'cost-centre': costCentre }),
});
