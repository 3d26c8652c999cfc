import { cronHoursPerMonth } from '../../components/configuration/siteHours';
import { at, isA, number, text, type PricedResource, type Values } from './charge';

interface Container {
  readonly resources?: { readonly cpu?: number; readonly memory?: string };
}
export const containers = (inputs: Values): readonly Container[] =>
  (at(inputs, 'template', 'containers') as readonly Container[] | undefined) ?? [];

/** Hours of a month in which an app has a replica. */
export function appHours(inputs: Values, hoursPerMonth: number): number {
  const replicas = number(at(inputs, 'template', 'scale', 'minReplicas'), 0);
  if (replicas > 0) return replicas * hoursPerMonth;
  const rules = (at(inputs, 'template', 'scale', 'rules') as readonly Values[] | undefined) ?? [];
  const cron = rules.map((rule) => at(rule, 'custom')).find((custom) => at(custom, 'type') === 'cron');
  return cron === undefined
    ? hoursPerMonth
    : cronHoursPerMonth({ start: text(at(cron, 'metadata', 'start')), end: text(at(cron, 'metadata', 'end')) }, hoursPerMonth);
}

/** Hours in which a line sends data: those of a simulated site, or all of them in a plant. */
export function lineHours(resources: readonly PricedResource[], hoursPerMonth: number): number {
  const sites = resources.filter(isA('app:ContainerApp')).filter(({ inputs }) => containers(inputs).length > 1);
  return sites.length === 0 ? hoursPerMonth : Math.max(...sites.map(({ inputs }) => appHours(inputs, hoursPerMonth)));
}
