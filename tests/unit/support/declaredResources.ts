import { programs } from '../../../contracts/programs';
import { keyOfUrn, withTemplated, type DeclaredResource } from '../../../policy/declaredResource';
import { captureProgram, testCertificate, type Captured } from './capturedProgram';

const prebuiltImages = Object.fromEntries(Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'a'.repeat(64)}`]));
export const imagesGiven = { imageSource: 'prebuilt', prebuiltImages };

/** Settings under which every rule has something to judge: a simulated site, and production with a site of its own. */
export const stacks = {
  dev: { ...imagesGiven, profile: 'dev', alerts: { emails: ['operator@example.com'] } },
  production: { ...imagesGiven, profile: 'production', siteCertificates: [testCertificate], alerts: { emails: ['operator@example.com'] } },
} as const;
export type StackName = keyof typeof stacks;

/** What a captured run declared, as rules see it. */
export const declaredResources = ({ registrations, options }: Captured): DeclaredResource[] =>
  registrations
    .filter(({ custom }) => custom)
    .flatMap(({ type, name, inputs }) => {
      const { propertyDependencies = {}, protect = false } = options.get(`${type} ${name}`) ?? {};
      return withTemplated({
        type,
        name,
        props: inputs,
        protect,
        madeOf: Object.fromEntries(Object.entries(propertyDependencies).map(([property, urns]) => [property, urns.map(keyOfUrn)])),
      });
    });

/** Runs the program afresh: the module registry would hand out what the last run made. */
export async function declareStack(settings: Readonly<Record<string, unknown>>, preview = false): Promise<DeclaredResource[]> {
  return declaredResources(await captureProgram(settings, { preview }));
}
