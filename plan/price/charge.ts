import type { MonthlyUse } from '../../components/configuration/monthlyUse';

/** What is metered for a resource: so many units of a price. Units of a grant are free until it is used up. */
export interface Charge {
  readonly what: string;
  readonly price: string;
  readonly units: number;
  readonly grant?: FreeGrant;
}
export type FreeGrant = 'container-apps/vcpu' | 'container-apps/memory' | 'logs' | 'events' | 'metric-alerts' | 'egress';
/** Free in every month, in units of the price that uses it. */
export const monthlyGrants: Readonly<Record<FreeGrant, number>> = {
  'container-apps/vcpu': 180_000,
  'container-apps/memory': 360_000,
  logs: 5,
  events: 1,
  'metric-alerts': 10,
  egress: 100,
};

export type Values = Readonly<Record<string, unknown>>;
export interface PricedResource {
  readonly type: string;
  readonly name: string;
  readonly id: string | null;
  readonly inputs: Values;
}
export interface ChargeContext {
  readonly use: MonthlyUse;
  readonly hoursPerMonth: number;
  readonly all: readonly PricedResource[];
  /** List price of a unit; 0 where none is known. */
  readonly usd: (price: string) => number;
}
export type ChargeRule = (resource: PricedResource, context: ChargeContext) => readonly Charge[];

export const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Values)[key] : undefined), value);
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const number = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
export const isA =
  (type: string) =>
  (resource: PricedResource): boolean =>
    resource.type === `azure-native:${type}`;
export const below =
  (parent: PricedResource) =>
  (resource: PricedResource): boolean =>
    parent.id !== null && text(resource.id).toLowerCase().startsWith(`${parent.id.toLowerCase()}/`);
