const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';
const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** What stands for a secret in everything that is printed. */
export const secretPlaceholder = '[secret]';
/** What stands for a value that only a deployment can give. */
const unknownPlaceholder = '[unknown]';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Values as a person may see them: no secret, no mark of the engine's. */
export function shownValues(value: unknown): unknown {
  if (value === unknownValue) return unknownPlaceholder;
  if (Array.isArray(value)) return value.map(shownValues);
  if (!isObject(value)) return value;
  if (value[signatureKey] === secretSignature) return secretPlaceholder;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shownValues(inner)]));
}

/** Values without the engine's envelopes, for names and ids. */
export function openedValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(openedValues);
  if (!isObject(value)) return value;
  if (value[signatureKey] === secretSignature) return openedValues(value['value']);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, openedValues(inner)]));
}
