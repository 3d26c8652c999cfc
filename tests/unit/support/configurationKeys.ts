import { z } from 'zod';
import { parseConfiguration } from '../../../components/configuration/configuration';
import { configurationSchema } from '../../../components/configuration/schema';
import { testCertificate } from './capturedProgram';

/** A setting as a reader of the documentation sees it. */
export interface ConfigurationKey {
  readonly key: string;
  readonly standard: string;
  readonly allowed: string;
}

interface Schema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  default?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}
const [dev, production] = [
  parseConfiguration({}),
  parseConfiguration({ profile: 'production', siteCertificates: JSON.stringify([testCertificate]) }),
] as const;
/** Chosen by the load unless they are given. */
const chosen = /^(iotHub\.|eventHubs\.(throughputUnits|partitions)$)/;

const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, one) => (inner as Record<string, unknown> | undefined)?.[one], value);
const shown = (value: unknown) =>
  value === undefined || (Array.isArray(value) && value.length === 0) ? '' : typeof value === 'string' ? value : JSON.stringify(value);
function standardOf(key: string): string {
  if (chosen.test(key)) return 'by expectedLoad';
  if (/<name>|\[\]|^siteCertificates$|^prebuiltImages$/.test(key)) return '';
  const [one, other] = [shown(at(dev, key)), shown(at(production, key))];
  return one === other ? one : `${one} / ${other}`;
}

function allowedOf(schema: Schema): string {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(allowedOf))].join(', ');
  if (schema.enum !== undefined) return schema.enum.map(String).join(', ');
  if (schema.const !== undefined) return String(schema.const);
  const { minimum: least, maximum: most } = schema;
  switch (schema.type) {
    case 'boolean':
      return 'true, false';
    case 'integer':
      return `${least ?? ''} to ${most ?? ''}`;
    case 'number':
      return `${least ?? ''} to ${most ?? ''}, fractions too`;
    case 'array':
      return `up to ${schema.maxItems ?? 'any number of'} entries`;
    case 'object':
      return Object.keys(schema.properties ?? {})
        .map((one) => `${one}:`)
        .join(' ');
    case undefined:
      return 'true, false';
    default:
      return schema.maxLength === undefined ? 'text' : `text, up to ${schema.maxLength}`;
  }
}

function walk(key: string, schema: Schema): ConfigurationKey[] {
  const below = (suffix: string, inner: Schema) => walk(key === '' ? suffix : `${key}.${suffix}`, inner);
  if (schema.anyOf === undefined && schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, inner]) => below(name, inner));
  if (typeof schema.additionalProperties === 'object') return below('<name>', schema.additionalProperties);
  if (schema.items?.properties !== undefined) return walk(`${key}[]`, schema.items);
  return [{ key, standard: standardOf(key), allowed: allowedOf(schema) }];
}

/** Every setting that a stack may have. */
export const configurationKeys = (): ConfigurationKey[] =>
  walk('', z.toJSONSchema(configurationSchema, { io: 'input', unrepresentable: 'any' }) as Schema);
