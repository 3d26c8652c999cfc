import { isObject } from '../region/resourceType';

const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';

/** Where a value stands: keys of objects, indexes of arrays. */
export type ValuePath = readonly (string | number)[];
type Entries = Record<string, unknown>;
const isEnvelope = (value: unknown): value is Entries => isObject(value) && value[signatureKey] === secretSignature;

/** Takes the engine's secret envelopes off a value, at any depth. Azure gets the plain value. */
export function withoutSecretEnvelopes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecretEnvelopes);
  if (!isObject(value)) return value;
  if (isEnvelope(value)) return withoutSecretEnvelopes(value['value']);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecretEnvelopes(inner)]));
}

/** Where envelopes are, outermost only. */
export function secretPaths(value: unknown, path: ValuePath = []): ValuePath[] {
  if (isEnvelope(value)) return [path];
  if (Array.isArray(value)) return value.flatMap((inner, index) => secretPaths(inner, [...path, index]));
  return isObject(value) ? Object.entries(value).flatMap(([key, inner]) => secretPaths(inner, [...path, key])) : [];
}

/** What is in the envelopes, as the texts that must not appear elsewhere. Short texts (`true`, `8883`) say nothing about where they came from. */
export function secretTexts(value: unknown, secret = false): string[] {
  if (isEnvelope(value)) return secretTexts(value['value'], true);
  if (Array.isArray(value)) return value.flatMap((inner) => secretTexts(inner, secret));
  if (isObject(value)) return Object.values(value).flatMap((inner) => secretTexts(inner, secret));
  return secret && typeof value === 'string' && value.length >= 8 ? [value] : [];
}

const envelope = (value: unknown): Entries => ({ [signatureKey]: secretSignature, value });

/** Puts envelopes around what stands at one of the paths, and around every text that repeats one of the texts. */
export function withSecretEnvelopes(value: unknown, paths: readonly ValuePath[], texts: readonly string[] = []): unknown {
  if (paths.some((path) => path.length === 0)) return envelope(value);
  const inside = (key: string | number) => paths.flatMap(([first, ...rest]) => (first === key ? [rest] : []));
  if (Array.isArray(value)) return value.map((inner, index) => withSecretEnvelopes(inner, inside(index), texts));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withSecretEnvelopes(inner, inside(key), texts)]));
  return typeof value === 'string' && texts.some((text) => value.includes(text)) ? envelope(value) : value;
}
