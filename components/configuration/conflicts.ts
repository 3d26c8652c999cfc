import { programs } from '../../contracts/programs';
import type { Configuration } from './schema';
import { shown } from './expectation';

function samePorts(edgeSite: Configuration['edgeSite']): string[] {
  const ports = Object.entries(edgeSite).filter((entry): entry is [string, number] => entry[0].endsWith('Port'));
  return ports.flatMap(([key, value], index) => {
    const [other] = ports.slice(0, index).find(([, port]) => port === value) ?? [];
    return other === undefined ? [] : [`edgeSite.${key} is ${value}: expected a port of its own, edgeSite.${other} is the same`];
  });
}

/** A principal is given a role once. */
function repeatedPrincipals(
  configuration: Pick<Configuration, 'readers' | 'rawWriters' | 'approvers' | 'smokeTesters' | 'siteDocuments'>,
): string[] {
  const lists = { ...configuration, 'siteDocuments.engineers': configuration.siteDocuments.engineers };
  return (['readers', 'rawWriters', 'approvers', 'smokeTesters', 'siteDocuments.engineers'] as const).flatMap((key) => {
    const ids = lists[key].map(({ principalId }) => principalId.toLowerCase());
    return ids.flatMap((id, index) =>
      ids.indexOf(id) < index
        ? [`${key}.${index}.principalId is ${id}: expected every principal once, ${key}.${ids.indexOf(id)} is the same`]
        : [],
    );
  });
}

/** The documents want a key that the deployment makes, in a vault of this stack, and a service principal that takes its certificate. */
function documentConflicts({ siteDocuments, siteCertificates, servicePrincipal, parts }: Configuration): string[] {
  const { keyVault, suffix, engineers, transport } = siteDocuments;
  if (!keyVault) {
    const given = [
      ...(suffix === undefined ? [] : ['suffix']),
      ...(engineers.length === 0 ? [] : ['engineers']),
      ...(transport === 'tls' ? [] : ['transport']),
    ];
    return given.map(
      (key) =>
        `siteDocuments.${key} is ${shown(siteDocuments[key as keyof typeof siteDocuments])}: expected siteDocuments.keyVault true with it; without a vault "npm run certificate -- documents" writes the documents`,
    );
  }
  return [
    ...(parts === 'platform'
      ? ['siteDocuments.keyVault is true: expected false with parts platform, the site belongs to the factory']
      : []),
    ...(siteCertificates.length > 0
      ? [
          'siteDocuments.keyVault is true, and siteCertificates is set: expected one of the two; a site that made its own key gets its documents from "npm run certificate -- documents"',
        ]
      : []),
    ...(servicePrincipal !== 'create'
      ? [
          'siteDocuments.keyVault is true, and servicePrincipal is an existing one: expected "create", or the AI Model Monitor could not sign in with the certificate of its document',
        ]
      : []),
  ];
}

/** What settings say against each other: key, value, and what is expected instead. */
export function configurationConflicts(configuration: Configuration): string[] {
  const { dataset, imageSource, prebuiltImages, edgeSite, siteCertificates, siteDocuments, servicePrincipal, parts, platformStack } =
    configuration;
  const missing = imageSource === 'prebuilt' ? Object.keys(programs).filter((program) => !(program in prebuiltImages)) : [];
  return [
    ...(dataset.strideSeconds > dataset.windowSeconds
      ? [
          `dataset.strideSeconds is ${dataset.strideSeconds}: expected at most dataset.windowSeconds, ${dataset.windowSeconds}, or samples between windows would be lost`,
        ]
      : []),
    ...samePorts(edgeSite),
    ...repeatedPrincipals(configuration),
    ...(missing.length > 0
      ? [`prebuiltImages has no image for ${missing.join(', ')}: imageSource prebuilt needs one for every program`]
      : []),
    ...(parts === 'factory' && platformStack === undefined
      ? ['platformStack is nothing: parts factory needs the stack of its platform, as <organization>/<project>/<stack>']
      : []),
    ...(parts !== 'factory' && platformStack !== undefined
      ? [`platformStack is ${platformStack}: expected only with parts factory; this stack makes its own platform`]
      : []),
    ...documentConflicts(configuration),
    ...(parts !== 'platform' && !edgeSite.enabled && !siteDocuments.keyVault && siteCertificates.length === 0
      ? ['siteCertificates is empty: expected the public certificate of the site, or edgeSite.enabled true for a simulated one']
      : []),
    ...(edgeSite.enabled && siteCertificates.length > 0
      ? [
          'siteCertificates is set, and edgeSite.enabled too: a simulated site makes its own certificate, so expected one of the two: edgeSite.enabled false for a real site',
        ]
      : []),
    ...(edgeSite.enabled && servicePrincipal !== 'create'
      ? [
          'servicePrincipal is an existing one, and edgeSite.enabled too: a simulated site signs in with a certificate of its own, so expected "create"',
        ]
      : []),
  ];
}
