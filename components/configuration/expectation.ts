import { z } from 'zod';

/** The part of a JSON schema that says what a value may be. */
interface Allowed {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Allowed[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Allowed>>;
  readonly additionalProperties?: Allowed | boolean;
  readonly propertyNames?: Allowed;
  readonly items?: Allowed;
}

/** Zod bounds whole numbers by what a double keeps exactly; nobody has to read that. */
const bound = (value: number | undefined) => (value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value);
function range(minimum: number | undefined, maximum: number | undefined, unit = ''): string {
  const [least, most] = [bound(minimum), bound(maximum)];
  if (least !== undefined && most !== undefined) return ` ${unit === '' ? 'from' : 'of'} ${least} to ${most}${unit}`;
  return least === undefined ? (most === undefined ? '' : ` of at most ${most}${unit}`) : ` of at least ${least}${unit}`;
}

function described(allowed: Allowed): string {
  if (allowed.enum !== undefined) return `one of ${allowed.enum.map(String).join(', ')}`;
  if (allowed.const !== undefined) return String(allowed.const);
  if (allowed.anyOf !== undefined) return [...new Set(allowed.anyOf.map(described))].join(', or ');
  switch (allowed.type) {
    case 'integer':
      return `a whole number${range(allowed.minimum, allowed.maximum)}`;
    case 'number':
      return `a number${range(allowed.minimum, allowed.maximum)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return allowed.format === 'uuid' || allowed.format === 'guid'
        ? 'a GUID'
        : `text${range(allowed.minLength, allowed.maxLength, ' characters')}`;
    case 'array':
      return `a list${range(undefined, allowed.maxItems, ' entries')}`;
    default:
      return allowed.properties === undefined ? 'an object' : `an object with ${Object.keys(allowed.properties).join(', ')}`;
  }
}

function at(allowed: Allowed, path: readonly PropertyKey[]): Allowed | undefined {
  return path.reduce<Allowed | undefined>((inner, key) => {
    const found =
      inner?.properties?.[String(key)] ??
      inner?.items ??
      (typeof inner?.additionalProperties === 'object' ? inner.additionalProperties : undefined);
    return found ?? inner?.anyOf?.map((schema) => at(schema, [key])).find((schema) => schema !== undefined);
  }, allowed);
}

const jsonSchema = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Allowed;

/** What a schema allows at a path, for a person: the whole range or list, not only the bound that was passed. */
export function allowedAt(schema: z.ZodType, path: readonly PropertyKey[]): string {
  const found = at(jsonSchema(schema), path);
  return found === undefined ? 'another value' : described(found);
}

/** The keys that a schema knows at a path. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const found = at(jsonSchema(schema), path);
  return found?.properties === undefined ? (found?.propertyNames?.enum ?? []).map(String) : Object.keys(found.properties);
}

/** A value as it was given, shortened; a key that came by mistake is not repeated. */
export const shown = (value: unknown) =>
  value === undefined
    ? 'nothing'
    : JSON.stringify(value)?.includes('PRIVATE KEY')
      ? 'a private key'
      : (JSON.stringify(value) ?? String(value)).slice(0, 80);
