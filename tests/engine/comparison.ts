import type { Kept } from './engineRegion';

const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/**
 * The resources of a stack as `<type>::<name> <inputs>`, without what differs from deployment to deployment: the factory's
 * name, random suffixes, ids that a directory gave, ports, and what only ciphers and signs.
 */
export function comparable(resources: readonly Kept[], stacks: readonly string[]): string[] {
  const suffixes = resources.filter(({ type }) => type.startsWith('random:')).map(({ id }) => id);
  const plain = (text: string) => {
    const named = [...suffixes.map((one) => [one, '<suffix>'] as const), ...stacks.map((one) => [one, '<stack>'] as const)].reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
    return named.replace(guid, '<guid>').replaceAll(/localhost:\d+/g, 'localhost:<port>').replaceAll(/"v1:[^"]+"/g, '"<cipher>"').replaceAll(/(?<![\w-])(?:\d{5})(?![\w-])/g, '<port>')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>').replaceAll(/\b[0-9A-F]{40}\b|\b[0-9A-F]{64}\b/g, '<thumbprint>').replaceAll(/dcr-[0-9a-f]{32}/g, '<rule>');
  };
  return resources.map(({ type, name, inputs }) => `${type}::${name} ${plain(JSON.stringify(inputs))}`).sort();
}
