import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { inputAt } from '../region/checks';
import { declaredType } from '../region/declaredType';
import { ResourceError, type CheckFailure, type Properties, type ProviderPart } from '../region/resourceType';
import type { TemplateResource } from '../region/templateResource';

const templatePath = 'properties.template';

/** The name that a template gives a resource: plain text, or `[concat(…)]` of parameters and literals. */
function evaluatedName(name: string, parameters: Readonly<Record<string, unknown>>): string {
  const [, parts] = /^\[concat\((.*)\)\]$/.exec(name) ?? [];
  if (parts === undefined) return name;
  return parts
    .split(',')
    .map((part) => {
      const [, literal, parameter] = /^\s*(?:'([^']*)'|parameters\('(\w+)'\))\s*$/.exec(part) ?? [];
      const value = literal ?? (parameter === undefined ? undefined : parameters[parameter]);
      if (typeof value !== 'string')
        throw new ResourceError(
          'InvalidTemplate',
          `the name ${name} cannot be evaluated: the local region knows concat of texts and of parameters that have a value.`,
        );
      return value;
    })
    .join('');
}

interface Templated {
  readonly type: string;
  readonly name: string;
  readonly properties: Properties;
}
const templated = (inputs: Properties): Templated[] =>
  ((inputAt(inputs, `${templatePath}.resources`) ?? []) as Properties[]).map((resource) => ({
    type: String(resource['type']),
    name: String(resource['name']),
    properties: (resource['properties'] ?? {}) as Properties,
  }));

/** Nested deployments, which set what Azure has made: incremental ones of what the services let them set. Their end leaves there what they set. */
export function deploymentTypes(
  settable: readonly TemplateResource[],
  declared: AppendOnlyStore<Properties>,
  now: () => Date,
): ProviderPart {
  const settableOf = (armType: string) => settable.find((kind) => kind.armType === armType);
  const templateFaults = (inputs: Properties): CheckFailure[] =>
    templated(inputs).flatMap(({ type, name, properties }) => {
      const faults = settableOf(type)?.faults(properties) ?? [
        {
          property: 'type',
          reason: `${type} is not served by the local region in a template: it has ${settable.map(({ armType }) => armType).join(', ')}`,
        },
      ];
      return faults.map(({ reason }) => ({ property: `${templatePath}.resources`, reason: `${name}: ${reason}` }));
    });
  const deployment = declaredType(
    {
      token: 'azure-native:resources:Deployment',
      armType: 'Microsoft.Resources/deployments',
      names: ['deploymentName'],
      apiVersion: '2024-03-01',
      faults: templateFaults,
      rules: [
        {
          property: 'properties.mode',
          required: true,
          allowed: ['Incremental'],
          expected: 'Incremental: a complete deployment deletes everything else of the group',
        },
        { property: `${templatePath}.resources`, required: true, expected: 'what the template sets' },
      ],
      replaceOn: { location: 'Microsoft.Resources: the location of a deployment cannot be changed' },
      computed: [
        'properties.provisioningState',
        'properties.outputResources',
        'properties.timestamp',
        'properties.correlationId',
        'properties.duration',
      ],
      apply: (_id, inputs) => {
        const given = (inputAt(inputs, 'properties.parameters') ?? {}) as Record<string, { value?: unknown }>;
        const parameters = Object.fromEntries(Object.entries(given).map(([key, { value }]) => [key, value]));
        const outputResources = templated(inputs).map(({ type, name, properties }) => ({
          id: settableOf(type)?.set(String(inputs['resourceGroupName']), evaluatedName(name, parameters).split('/'), properties),
        }));
        return { properties: { provisioningState: 'Succeeded', outputResources, timestamp: now().toISOString() } };
      },
    },
    declared,
    now,
  );
  return { resources: [deployment], functions: [] };
}
