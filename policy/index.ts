import { PolicyPack, type PolicyResource, type ResourceValidationPolicy, type StackValidationPolicy } from '@pulumi/policy';
import { allRules } from './allRules';
import { keyOf, withTemplated, type DeclaredResource } from './declaredResource';
import { knownProps } from './knownProps';
import { isStackRule, type Rule } from './rule';

const plain = (props: unknown) => knownProps(props) as Readonly<Record<string, unknown>>;
const declared = ({ type, name, props, opts, propertyDependencies }: PolicyResource): DeclaredResource => ({
  type,
  name,
  props: plain(props),
  protect: opts.protect,
  madeOf: Object.fromEntries(Object.entries(propertyDependencies).map(([property, resources]) => [property, resources.map(keyOf)])),
});

const asPolicy = (rule: Rule): ResourceValidationPolicy | StackValidationPolicy => {
  const facts = {
    name: rule.name,
    description: `${rule.description} ${rule.reason}`,
    enforcementLevel: 'mandatory' as const,
    tags: [rule.pillar],
  };
  if (isStackRule(rule))
    return {
      ...facts,
      validateStack: ({ resources }, report) =>
        rule.judgeStack(resources.map(declared).flatMap(withTemplated)).forEach((found) => report(found)),
    };
  return {
    ...facts,
    validateResource: ({ type, name, props, opts }, report) =>
      withTemplated({ type, name, props: plain(props), protect: opts.protect, madeOf: {} })
        .flatMap(rule.judge)
        .forEach((found) => report(found)),
  };
};

new PolicyPack('factory-loop', { policies: allRules.map(asPolicy) });
