import { isWithin, parsePath } from './propertyDiff';
import { isObject, type Properties, type ResourceType, unknownValue } from '../region/resourceType';
import type { ValuePath } from './secretValues';

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const computedPaths = ({ computed = [] }: Pick<ResourceType, 'computed'>) => computed.map(parsePath);

/** Puts a value at a path of plain keys; makes objects on the way. */
function withValueAt(target: Properties, [first, ...rest]: ValuePath, value: unknown): Properties {
  const key = String(first);
  const inner = target[key];
  return { ...target, [key]: rest.length === 0 ? value : withValueAt(isObject(inner) ? inner : {}, rest, value) };
}
const valueAt = (target: Properties, path: ValuePath) =>
  path.reduce<unknown>((value, step) => (isObject(value) ? value[String(step)] : undefined), target);
/** An unknown below an unknown, or in an object that is not declared, says no more than what is above it. */
const withUnknownAt = (target: Properties, path: ValuePath): Properties =>
  isObject(valueAt(target, path.slice(0, -1))) ? withValueAt(target, path, unknownValue) : target;

/** Outputs of a resource that a preview would create: its inputs, and unknown what only the service can say. */
export const previewOfCreate = (type: Pick<ResourceType, 'computed'>, inputs: Properties): Properties =>
  computedPaths(type)
    .filter((path) => valueAt(inputs, path) === undefined)
    .reduce(withUnknownAt, inputs);

/** Outputs after an update that was not made: what was there, the new inputs, and unknown what every update decides anew. */
export function previewOfUpdate(
  type: Pick<ResourceType, 'computed' | 'computedByUpdate'>,
  old: Properties,
  inputs: Properties,
): Properties {
  const unchanged = computedPaths(type).reduce<Properties>(
    (outputs, path) =>
      valueAt(old, path) === undefined || valueAt(inputs, path) !== undefined ? outputs : withValueAt(outputs, path, valueAt(old, path)),
    inputs,
  );
  return (type.computedByUpdate ?? []).map(parsePath).reduce(withUnknownAt, unchanged);
}

/** Identities are declared as a list and answered as a map. */
const asDeclared = (value: unknown, path: ValuePath): unknown =>
  path.at(-1) === 'userAssignedIdentities' && isObject(value) ? Object.keys(value) : value;

/** What of the outputs was declared rather than answered. */
export function inputsFromOutputs(type: Pick<ResourceType, 'computed'>, outputs: Properties): Properties {
  const without = (value: unknown, path: ValuePath): unknown => {
    const declared = asDeclared(value, path);
    if (!isObject(declared)) return declared;
    return Object.fromEntries(
      Object.entries(declared)
        .filter(([key]) => !computedPaths(type).some((computed) => isWithin([...path, key], computed)))
        .map(([key, inner]) => [key, without(inner, [...path, key])]),
    );
  };
  return without(outputs, []) as Properties;
}

/**
 * The inputs that would have led to what the service has now: as they were wherever the service answers what it answered
 * before, as the service has it wherever somebody changed it. Defaults and answers of the service do not become inputs.
 */
export function inputsAfterDrift(
  type: Pick<ResourceType, 'computed'>,
  inputs: Properties,
  before: Properties,
  now: Properties,
): Properties {
  const computed = computedPaths(type);
  const merge = (declared: unknown, was: unknown, is: unknown, path: ValuePath): unknown => {
    if (same(was, is) || computed.some((computedPath) => isWithin(path, computedPath))) return declared;
    if (Array.isArray(declared) && Array.isArray(was) && Array.isArray(is))
      return is.map((item, index) =>
        index < Math.min(declared.length, was.length) ? merge(declared[index], was[index], item, [...path, index]) : item,
      );
    if (!isObject(declared) || !isObject(is)) return asDeclared(is, path);
    const keys = new Set([...Object.keys(declared), ...Object.keys(is)]);
    const wasThere = isObject(was) ? was : {};
    return Object.fromEntries(
      [...keys].flatMap((key) => {
        const value = merge(declared[key], wasThere[key], is[key], [...path, key]);
        return value === undefined ? [] : [[key, value]];
      }),
    );
  };
  return merge(inputs, before, now, []) as Properties;
}
