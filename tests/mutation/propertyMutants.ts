import { keyOf, ofKind, propertyOf, type DeclaredResource } from '../../policy/declaredResource';
import type { Consideration } from './considerations';

/** A copy without the value at the path. */
function without(value: unknown, [key = '', ...rest]: readonly string[]): unknown {
  if (Array.isArray(value))
    return value.map((inner, index) => (String(index) === key ? (rest.length === 0 ? {} : without(inner, rest)) : inner) as unknown);
  if (typeof value !== 'object' || value === null) return value;
  if (rest.length === 0) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  return { ...value, ...(key in value ? { [key]: without((value as Record<string, unknown>)[key], rest) } : {}) };
}

function withoutVariable(props: DeclaredResource['props'], variable: string): DeclaredResource['props'] {
  const template = props['template'] as { containers: { env?: { name: string }[] }[] };
  return {
    ...props,
    template: {
      ...template,
      containers: template.containers.map((container) => ({
        ...container,
        env: (container.env ?? []).filter(({ name }) => name !== variable),
      })),
    },
  };
}

/** The resource without the property. A property that is gone is made of nothing any more. */
function withoutProperty(resource: DeclaredResource, path: string): DeclaredResource {
  if (path.startsWith('env.')) return { ...resource, props: withoutVariable(resource.props, path.slice(4)) };
  const keys = path.split('.');
  const madeOf =
    keys.length > 1 ? resource.madeOf : Object.fromEntries(Object.entries(resource.madeOf).filter(([property]) => property !== path));
  return { ...resource, props: without(resource.props, keys) as DeclaredResource['props'], madeOf };
}

/** A stack in which one resource lacks the property of a row. */
export interface PropertyMutant {
  readonly row: Consideration;
  readonly resource: string;
  readonly resources: readonly DeclaredResource[];
}

/** One for every resource that has the property. */
export const propertyMutants = (row: Consideration, resources: readonly DeclaredResource[]): PropertyMutant[] =>
  ofKind(resources, row.kind)
    .filter((one) => propertyOf(one, row.path) !== undefined)
    .map((one) => ({
      row,
      resource: keyOf(one),
      resources: resources.map((other) => (other === one ? withoutProperty(other, row.path) : other)),
    }));
