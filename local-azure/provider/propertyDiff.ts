import { isObject, type Properties } from '../region/resourceType';
import type { ValuePath } from './secretValues';

interface PropertyChange {
  readonly path: ValuePath;
  readonly kind: 'add' | 'delete' | 'update';
}

const isAbsent = (value: unknown) => value === undefined || value === null;

/** `West Europe` is `westeurope`. */
const sameLocation = (one: unknown, other: unknown) =>
  typeof one === 'string' && typeof other === 'string' && one.replaceAll(' ', '').toLowerCase() === other.replaceAll(' ', '').toLowerCase();

/** Every leaf that differs; an object or array that is there on one side only is one change. */
export function changesBetween(before: unknown, after: unknown, path: ValuePath = []): PropertyChange[] {
  if (isAbsent(before) || isAbsent(after))
    return isAbsent(before) && isAbsent(after) ? [] : [{ path, kind: isAbsent(before) ? 'add' : 'delete' }];
  if (Array.isArray(before) && Array.isArray(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
      changesBetween(before[index], after[index], [...path, index]),
    ).flat();
  }
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      changesBetween(before[key], after[key], [...path, key]),
    );
  return Object.is(before, after) ? [] : [{ path, kind: 'update' }];
}

/** The engine's notation: `a.b[0]["key with.dots"]`. */
export function pathText(path: ValuePath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[A-Za-z_$][\w$-]*$/.test(step)) return `${text}["${step.replaceAll('"', String.raw`\"`)}"]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

export function parsePath(text: string): ValuePath {
  return [...text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g)].map(([, quoted, index, key]) =>
    quoted !== undefined
      ? quoted.replaceAll(String.raw`\"`, '"')
      : index !== undefined
        ? index === '*'
          ? '*'
          : Number(index)
        : (key ?? ''),
  );
}

const stepMatches = (step: string | number | undefined, wanted: string | number | undefined) =>
  wanted === '*' || String(step) === String(wanted);
/** `path` is at or below `above`. */
export const isWithin = (path: ValuePath, above: ValuePath) =>
  above.length <= path.length && above.every((wanted, index) => stepMatches(path[index], wanted));
/** One is at or below the other: a change of either is a change of the other. */
const touches = (path: ValuePath, other: ValuePath) =>
  isWithin(path, other) || (other.length > path.length && path.every((step, index) => stepMatches(step, other[index])));

export interface Difference {
  readonly changes: readonly (PropertyChange & { readonly replaces: boolean })[];
  readonly deleteBeforeReplace: boolean;
}

/** What a change of inputs means for the resource. Names stay, so a replacement in place of the old one needs the old one gone. */
export function differenceOf(
  before: Properties,
  after: Properties,
  type: { readonly replaceOn: Readonly<Record<string, string>>; readonly identifiedBy?: readonly string[] },
  ignored: readonly string[] = [],
): Difference {
  const ignoredPaths = ignored.map(parsePath);
  const replacing = Object.keys(type.replaceOn).map(parsePath);
  const changes = changesBetween(before, after)
    .filter(({ path }) => path.length > 1 || path[0] !== 'location' || !sameLocation(before['location'], after['location']))
    .filter(({ path }) => !ignoredPaths.some((ignoredPath) => isWithin(path, ignoredPath)))
    .map((change) => ({ ...change, replaces: replacing.some((replacingPath) => touches(change.path, replacingPath)) }));
  const { identifiedBy } = type;
  const renamed = changes.some(({ path }) => (identifiedBy ?? []).some((identifying) => touches(path, parsePath(identifying))));
  return { changes, deleteBeforeReplace: identifiedBy !== undefined && !renamed && changes.some(({ replaces }) => replaces) };
}
