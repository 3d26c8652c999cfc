import { unknownPlaceholder } from './declaredResource';

const maxDepth = 40;

/** A plain copy of properties whose unknown parts throw when they are read, as they do in a preview; those become `unknownValue`. */
export function knownProps(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value;
  const read = (key: string | number): unknown => {
    let inner: unknown;
    try {
      inner = (value as Record<string | number, unknown>)[key];
    } catch {
      return unknownPlaceholder;
    }
    return knownProps(inner, depth + 1);
  };
  return Array.isArray(value)
    ? Array.from({ length: value.length }, (_, index) => read(index))
    : Object.fromEntries(Object.keys(value).map((key) => [key, read(key)]));
}
