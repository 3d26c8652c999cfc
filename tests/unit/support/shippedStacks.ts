import { plannedStack } from '../../../plan/plannedStack';
import { readStackFile, stacksIn, type StackFile } from '../../../plan/stackFile';
import { secretPlaceholder } from '../../../plan/plainValues';
import { programs } from '../../../contracts/programs';
import { projectRoot } from '../../support/projectRoot';

export const root = projectRoot;
const prebuiltImages = JSON.stringify(
  Object.fromEntries(Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'a'.repeat(64)}`])),
);

/** A shipped stack that needs no bundles, with settings of the test's own. */
export function shippedStack(name: string, settings: Readonly<Record<string, unknown>> = {}): StackFile {
  const file = readStackFile(root, name, secretPlaceholder);
  const more = { imageSource: 'prebuilt', prebuiltImages, ...settings };
  return {
    ...file,
    configuration: {
      ...file.configuration,
      ...Object.fromEntries(
        Object.entries(more).map(([key, value]) => [`${file.project}:${key}`, typeof value === 'string' ? value : JSON.stringify(value)]),
      ),
    },
  };
}
export const shippedStacks = stacksIn(root);
export const planOf = (stack: StackFile, preview = false) => plannedStack(stack, { preview });
