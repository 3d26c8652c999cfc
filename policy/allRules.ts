import { costRules } from './rules/cost';
import { operationRules } from './rules/operations';
import { performanceRules } from './rules/performance';
import { reliabilityRules } from './rules/reliability';
import { securityRules } from './rules/security';
import { workflowRules } from './rules/workflow';
import type { Rule } from './rule';

/** Every rule of the pack, in the order of the article. */
export const allRules: readonly Rule[] = [
  ...reliabilityRules,
  ...securityRules,
  ...costRules,
  ...operationRules,
  ...performanceRules,
  ...workflowRules,
];
