const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';

/** Takes the engine's secret envelopes off a value, at any depth. Azure gets the plain value. */
export function withoutSecretEnvelopes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecretEnvelopes);
  if (value === null || typeof value !== 'object') return value;
  const entries = value as Record<string, unknown>;
  if (entries[signatureKey] === secretSignature) return withoutSecretEnvelopes(entries['value']);
  return Object.fromEntries(Object.entries(entries).map(([key, inner]) => [key, withoutSecretEnvelopes(inner)]));
}
