import { unknownValue, type CheckFailure, type Properties } from './resourceType';

/** Rules of a resource's inputs that a preview already applies. Unknown values pass: they are checked when they are known. */
export interface InputRule {
  readonly property: string;
  readonly required?: boolean;
  readonly pattern?: RegExp;
  readonly allowed?: readonly unknown[];
  readonly expected: string;
}

export const oneOf = (property: string, allowed: readonly string[]): InputRule => ({
  property,
  required: true,
  allowed,
  expected: `one of ${allowed.join(', ')}`,
});

/** Reads `a.b.c` from nested inputs; below what is unknown everything is. */
export const inputAt = (inputs: Properties, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, key) => (value === unknownValue ? value : (value as Properties | null | undefined)?.[key]), inputs);

export function checkInputs(inputs: Properties, rules: readonly InputRule[]): CheckFailure[] {
  return rules.flatMap(({ property, required, pattern, allowed, expected }) => {
    const value = inputAt(inputs, property);
    if (value === unknownValue) return [];
    if (value === undefined || value === null)
      return required === true ? [{ property, reason: `${property} is missing: ${expected}` }] : [];
    const wrong =
      (pattern !== undefined && !(typeof value === 'string' && pattern.test(value))) || (allowed !== undefined && !allowed.includes(value));
    return wrong ? [{ property, reason: `${property} is ${JSON.stringify(value)}: ${expected}` }] : [];
  });
}
