import type { Configuration } from './configuration';
import type { Tags } from './uniformComponent';

/** Tags of every resource of a stack; the stack's own come first and cannot hide where a resource belongs. */
export const stackTags = ({ tags, factory, environment, costCentre }: Pick<Configuration, 'tags' | 'factory' | 'environment' | 'costCentre'>, stack: string): Tags => ({
  ...tags, product: 'factory-loop', factory, environment, stack, ...(costCentre === undefined ? {} : { 'cost-centre': costCentre }),
});
