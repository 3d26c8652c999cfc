import type { CheckpointResource } from './engineRegion';

const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** Every value of a tree with its path, so that a comparison shows the setting that differs and not its whole resource. */
const leaves = (value: unknown, path: string): string[] =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`))
    : [`${path} ${JSON.stringify(value)}`];

/**
 * The inputs of a stack's resources as `<type>::<name>.<path> <value>`, without what differs from deployment to deployment: the factory's
 * name, random suffixes, ids that a directory gave, ports, and what only ciphers and signs.
 */
export function comparable(resources: readonly CheckpointResource[], stacks: readonly string[]): string[] {
  const suffixes = resources.filter(({ type }) => type.startsWith('random:')).map(({ id }) => id);
  const plain = (text: string) => {
    const named = [...suffixes.map((one) => [one, '<suffix>'] as const), ...stacks.map((one) => [one, '<stack>'] as const)].reduce(
      (changed, [from, to]) => changed.replaceAll(from, to),
      text,
    );
    return named
      .replace(guid, '<guid>')
      .replaceAll(/localhost:\d+/g, 'localhost:<port>')
      .replaceAll(/"v1:[^"]+"/g, '"<cipher>"')
      .replaceAll(/(?<![\w-])(?:\d{5})(?![\w-])/g, '<port>')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replaceAll(/\b[0-9A-F]{40}\b|\b[0-9A-F]{64}\b/g, '<thumbprint>')
      .replaceAll(/dcr-[0-9a-f]{32}/g, '<rule>');
  };
  return resources
    .flatMap(({ type, name, inputs }) => leaves(inputs, `${type}::${name}`))
    .map(plain)
    .sort();
}
