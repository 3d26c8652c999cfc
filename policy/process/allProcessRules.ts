import { processRules, type ProcessRule } from './processRules';
import { soundnessRules } from './soundnessRules';

export const allProcessRules: readonly ProcessRule[] = [...processRules, ...soundnessRules];
