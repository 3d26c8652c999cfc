import { z } from 'zod';
import { problem, ready, type Finding } from './finding';
import { namespaceOf, type NeededType } from './neededTypes';

/** Answer of `GET /subscriptions/<id>/providers`. */
export const providerAnswer = z.object({
  namespace: z.string(),
  registrationState: z.string().default('NotRegistered'),
  resourceTypes: z.array(z.object({ resourceType: z.string(), locations: z.array(z.string()).nullish() })).nullish(),
});
type ProviderAnswer = z.output<typeof providerAnswer>;

/** Resource Manager writes regions for people here: `West Europe`. */
const region = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** Are the services of the loop registered with the subscription? Resource Manager registers none by itself when a single resource is put. */
export function judgeRegistration(answers: readonly ProviderAnswer[], needed: readonly NeededType[]): Finding {
  const states = new Map(answers.map(({ namespace, registrationState }) => [namespace.toLowerCase(), registrationState]));
  const namespaces = [...new Set(needed.map(({ type }) => namespaceOf(type)))];
  const missing = namespaces.filter((namespace) => states.get(namespace.toLowerCase()) !== 'Registered');
  return missing.length === 0
    ? ready('resource providers', `all ${namespaces.length} are registered`)
    : problem(
        'resource providers',
        `not registered: ${missing.map((namespace) => `${namespace} (${states.get(namespace.toLowerCase()) ?? 'unknown to the subscription'})`).join(', ')}`,
        missing.map((namespace) => `az provider register --namespace ${namespace}`).join(' && '),
      );
}

/** Does the region offer every service of the loop? */
export function judgeRegion(answers: readonly ProviderAnswer[], needed: readonly NeededType[], location: string): Finding {
  const offered = new Map(
    answers.flatMap(({ namespace, resourceTypes }) =>
      (resourceTypes ?? []).map(
        ({ resourceType, locations }) => [`${namespace}/${resourceType}`.toLowerCase(), (locations ?? []).map(region)] as const,
      ),
    ),
  );
  const missing = needed
    .filter(
      ({ type, regional }) =>
        regional && offered.has(type.toLowerCase()) && !(offered.get(type.toLowerCase()) ?? []).includes(region(location)),
    )
    .map(({ type }) => type);
  return missing.length === 0
    ? ready('region', `${location} offers every service of the loop`)
    : problem(
        'region',
        `${location} does not offer ${missing.join(', ')}`,
        'set factory-loop:location to a region that has them all, such as westeurope',
      );
}
