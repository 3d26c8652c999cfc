import type { PlannedResource } from './recordProgram';
import type { Paint } from '../command-line/terminal';
import { wrap } from '../command-line/wrapText';

type Values = Readonly<Record<string, unknown>>;
const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Values)[key] : undefined), value);
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

/** `azure-native:storage:Queue` -> storage:Queue, `factory-loop:storage:LoopStorage` -> LoopStorage. */
export function shortType(type: string): string {
  const [packageName = '', module = '', name = ''] = type.split(':');
  if (packageName === 'factory-loop') return name;
  return packageName === 'azure-native' ? `${module}:${name}` : `${packageName}:${name}`;
}

interface Container {
  readonly resources?: { readonly cpu?: number; readonly memory?: string };
}
function containersSize(containers: unknown): string {
  if (!Array.isArray(containers)) return '';
  const all = containers as readonly Container[];
  const cpu = all.reduce((sum, { resources }) => sum + (resources?.cpu ?? 0), 0);
  const memory = all.reduce((sum, { resources }) => sum + Number.parseFloat(resources?.memory ?? '0'), 0);
  return `${cpu} vCPU, ${memory} GiB${all.length > 1 ? `, ${all.length} containers` : ''}`;
}

/** SKU and size, as far as the inputs tell. */
function sizeOf({ inputs }: Pick<PlannedResource, 'inputs'>): string {
  const sku = at(inputs, 'sku') ?? at(inputs, 'properties', 'sku');
  const units = text(at(sku, 'capacity'));
  const vm = text(at(inputs, 'properties', 'properties', 'vmSize'));
  const scale = at(inputs, 'properties', 'properties', 'scaleSettings');
  const partitions = text(at(inputs, 'partitionCount'));
  return [
    typeof sku === 'string' ? sku : `${text(at(sku, 'name'))}${units === '' ? '' : ` x ${units}`}`,
    vm === '' ? '' : `${vm}, ${text(at(scale, 'minNodeCount'))} to ${text(at(scale, 'maxNodeCount'))} nodes`,
    containersSize(at(inputs, 'template', 'containers')),
    partitions === '' ? '' : `${partitions} partitions`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

const isRole = ({ type }: PlannedResource) => type === 'azure-native:authorization:RoleAssignment';
/** Name that the resource will have in Azure. */
const azureName = ({ id, type }: PlannedResource) => (id === null || !type.startsWith('azure-native:') ? '' : (id.split('/').pop() ?? ''));

/** `below` is the guide under the label, down to the line's children. */
interface Line {
  readonly label: string;
  readonly below: string;
  readonly type: string;
  readonly name: string;
  readonly size: string;
  readonly custom: boolean;
}

function linesBelow(resources: readonly PlannedResource[], parent: string | null, indent: string): Line[] {
  const children = resources.filter((resource) => resource.parent === parent);
  const shown = children.filter((resource) => !isRole(resource));
  const roles = children.filter(isRole);
  return [...shown, ...(roles.length === 0 ? [] : [undefined])].flatMap((resource, index, all) => {
    const last = index === all.length - 1;
    const branch = parent === null ? '' : `${indent}${last ? '└─ ' : '├─ '}`;
    if (resource === undefined)
      return [
        {
          label: `${branch}${roles.length} role assignment${roles.length === 1 ? '' : 's'}`,
          below: '',
          type: 'see --roles',
          name: '',
          size: '',
          custom: false,
        },
      ];
    const size = [sizeOf(resource), resource.protect ? 'protected' : ''].filter((part) => part !== '').join(', ');
    const children = parent === null ? '' : `${indent}${last ? '   ' : '│  '}`;
    const line = {
      label: `${branch}${resource.name}`,
      below: `${children}${resources.some(({ parent: of }) => of === resource.urn) ? '│' : ' '}   `,
      type: shortType(resource.type),
      name: azureName(resource),
      size,
      custom: resource.custom && resource.type !== 'pulumi:pulumi:Stack',
    };
    return [line, ...linesBelow(resources, resource.urn, children)];
  });
}

/** Label and type on one line, what it is called in Azure and its size below it. */
function narrow({ label, type, below, name, size, custom }: Line, paint: Paint, width: number): string[] {
  const shown = custom ? label : paint.bold(label);
  const [first, ...more] =
    label.length + 2 + type.length <= width ? [`${shown}  ${paint.dim(type)}`] : [shown, `${below}${paint.dim(type)}`];
  const detail = [name, size].filter((part) => part !== '').join(', ');
  return [first, ...more, ...(detail === '' ? [] : wrap(detail, Math.max(20, width - below.length)).map((line) => `${below}${line}`))];
}

/** The stack as a tree: logical name, type, name in Azure, size; on two lines where one is wider than `width`. */
export function resourceTree(resources: readonly PlannedResource[], paint: Paint, width?: number): string {
  const lines = linesBelow(resources, null, '');
  const widest = (of: (line: Line) => string) => Math.max(...lines.map((line) => of(line).length));
  const [labelWidth, typeWidth, nameWidth] = [widest(({ label }) => label), widest(({ type }) => type), widest(({ name }) => name)];
  const custom = resources.filter((resource) => resource.custom && resource.type !== 'pulumi:pulumi:Stack');
  const wide = labelWidth + typeWidth + nameWidth + 6 + Math.max(...lines.map(({ size }) => size.length));
  const table =
    width !== undefined && wide > width
      ? lines.flatMap((line) => narrow(line, paint, width))
      : lines.map((line) =>
          `${line.custom ? line.label.padEnd(labelWidth) : paint.bold(line.label.padEnd(labelWidth))}  ${paint.dim(line.type.padEnd(typeWidth))}  ${line.name.padEnd(nameWidth)}  ${line.size}`.trimEnd(),
        );
  return [
    ...table,
    '',
    `${custom.length} resources in ${resources.length - custom.length - 1} components, ${custom.filter(isRole).length} of them role assignments`,
  ].join('\n');
}
