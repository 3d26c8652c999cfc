import type { PlannedResource } from './recordProgram';
import { hanging } from '../command-line/wrapText';
import { shortType } from './resourceTree';

interface PropertyDifference {
  readonly property: string;
  readonly ours: unknown;
  readonly theirs: unknown;
  readonly resources: readonly string[];
}
interface PlanDifference {
  readonly onlyOurs: readonly string[];
  readonly onlyTheirs: readonly string[];
  readonly changed: readonly PropertyDifference[];
}

const nameUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const label = ({ type, name }: PlannedResource) => `${shortType(type)} ${name}`;
/** The same resource of another stack: the URN without stack and project. */
const keyOf = ({ urn, type }: PlannedResource) => (type === 'pulumi:pulumi:Stack' ? type : urn.split('::').slice(2).join('::'));

/** Names that differ between any two stacks, by the resource that has them: no difference worth showing. */
function ownNames(resources: readonly PlannedResource[]): [string, string][] {
  const named = resources.flatMap(({ id, name, type }): [string, string][] => {
    const last = id?.split('/').pop() ?? '';
    return type.endsWith(':ResourceGroup') || last.includes('xxxxxx') || nameUuid.test(last) ? [[last, `<${name}>`]] : [];
  });
  return named.sort(([a], [b]) => b.length - a.length);
}

function flattened(value: unknown, path: string, names: readonly [string, string][], into: Map<string, unknown>): Map<string, unknown> {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value))
      flattened(inner, path === '' ? key : Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, names, into);
  } else into.set(path, typeof value === 'string' ? names.reduce((text, [name, to]) => text.replaceAll(name, to), value) : value);
  return into;
}
const propertiesOf = (resource: PlannedResource, names: readonly [string, string][]) =>
  flattened({ ...resource.inputs, ...(resource.protect ? { protect: true } : {}) }, '', names, new Map());

/** What two stacks hold otherwise. Names that every stack has for itself are compared as the resource they name. */
export function planDifference(ours: readonly PlannedResource[], theirs: readonly PlannedResource[]): PlanDifference {
  const [names, otherNames] = [ownNames(ours), ownNames(theirs)];
  const others = new Map(theirs.map((resource) => [keyOf(resource), resource]));
  const own = new Set(ours.map(keyOf));
  const changes = new Map<string, { property: string; ours: unknown; theirs: unknown; resources: string[] }>();
  for (const resource of ours) {
    const other = others.get(keyOf(resource));
    if (other === undefined) continue;
    const [left, right] = [propertiesOf(resource, names), propertiesOf(other, otherNames)];
    for (const property of new Set([...left.keys(), ...right.keys()])) {
      const [here, there] = [left.get(property), right.get(property)];
      if (JSON.stringify(here) === JSON.stringify(there)) continue;
      const key = JSON.stringify([property, here, there]);
      const change = changes.get(key) ?? { property, ours: here, theirs: there, resources: [] };
      change.resources.push(label(resource));
      changes.set(key, change);
    }
  }
  return {
    onlyOurs: ours.filter((resource) => !others.has(keyOf(resource))).map(label),
    onlyTheirs: theirs.filter((resource) => !own.has(keyOf(resource))).map(label),
    changed: [...changes.values()],
  };
}

const shown = (value: unknown) => (value === undefined ? 'nothing' : (JSON.stringify(value) ?? '').replace(/^(.{120}).+$/s, '$1…'));

/** One line for each difference; the same change of several resources is one line. */
export function differenceText({ onlyOurs, onlyTheirs, changed }: PlanDifference, stack: string, other: string, width?: number): string {
  const names = (resources: readonly string[]) =>
    resources.length > 3 ? `${resources.slice(0, 2).join(', ')} and ${resources.length - 2} more` : resources.join(', ');
  const lines = [
    ...onlyOurs.map((resource) => `only ${stack}: ${resource}`),
    ...onlyTheirs.map((resource) => `only ${other}: ${resource}`),
    ...changed.map(
      (change) =>
        `${names(change.resources)}: ${change.property} is ${shown(change.ours)} in ${stack}, ${shown(change.theirs)} in ${other}`,
    ),
  ];
  return lines.length === 0 ? `${stack} and ${other} hold the same` : lines.flatMap((line) => hanging(line, width)).join('\n');
}
