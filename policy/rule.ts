import { at, isKind, propertyOf, unknownPlaceholder, type DeclaredResource, type Kind } from './declaredResource';

type Pillar = 'reliability' | 'security' | 'cost optimization' | 'operational excellence' | 'performance efficiency' | 'workflow';

interface RuleFacts {
  /** Name in the policy pack and in docs/considerations.md. */
  readonly name: string;
  readonly pillar: Pillar;
  /** What holds, in a line. */
  readonly description: string;
  readonly reason: string;
}
/** Judges one resource by its inputs: runs before anything is created. */
interface ResourceRule extends RuleFacts {
  readonly judge: (resource: DeclaredResource) => string[];
}
/** Judges what is declared together. */
interface StackRule extends RuleFacts {
  readonly judgeStack: (resources: readonly DeclaredResource[]) => string[];
}
export type Rule = ResourceRule | StackRule;

export const isStackRule = (rule: Rule): rule is StackRule => 'judgeStack' in rule;
/** What the rule finds wrong with a stack. */
export const violations = (rule: Rule, resources: readonly DeclaredResource[]): string[] =>
  isStackRule(rule) ? rule.judgeStack(resources) : resources.flatMap((resource) => rule.judge(resource));

const shown = (value: unknown) => (value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)).slice(0, 120));
/** What a property must be. */
export interface Demand {
  readonly kind: Kind;
  readonly path: string;
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

export const is = (kind: Kind, path: string, wanted: string | boolean | number): Demand => ({
  kind,
  path,
  expected: JSON.stringify(wanted),
  holds: (value) => value === wanted,
});
export const oneOf = (kind: Kind, path: string, ...wanted: readonly string[]): Demand => ({
  kind,
  path,
  expected: `one of ${wanted.join(', ')}`,
  holds: (value) => wanted.includes(String(value)),
});
export const between = (kind: Kind, path: string, least: number, most: number): Demand => ({
  kind,
  path,
  expected: `${least} to ${most}`,
  holds: (value) =>
    value !== '' && (typeof value === 'number' || typeof value === 'string') && Number(value) >= least && Number(value) <= most,
});
export const present = (kind: Kind, path: string, expected: string): Demand => ({
  kind,
  path,
  expected,
  holds: (value) => value !== undefined && value !== null && value !== '',
});

/** What of the demands a resource does not meet. */
const unmet = (resource: DeclaredResource, demands: readonly Demand[]): string[] =>
  demands
    .filter(({ kind }) => isKind(resource, kind))
    .flatMap(({ path, expected, holds }) => {
      const value = propertyOf(resource, path);
      return value === unknownPlaceholder || holds(value) ? [] : [`${resource.name}: ${path} is ${shown(value)}, expected ${expected}`];
    });
export const demanding = (facts: RuleFacts, ...demands: readonly Demand[]): ResourceRule => ({
  ...facts,
  judge: (resource) => unmet(resource, demands),
});

/** Whether the stack is a plant's: the tags of its resources say the profile. */
export const inProduction = (resources: readonly DeclaredResource[]): boolean =>
  resources.some(({ props }) => at(props, 'tags.profile') === 'production');
/** A rule that binds production only. */
export const demandingInProduction = (facts: RuleFacts, ...demands: readonly Demand[]): StackRule => ({
  ...facts,
  judgeStack: (resources) => (inProduction(resources) ? resources.flatMap((resource) => unmet(resource, demands)) : []),
});
