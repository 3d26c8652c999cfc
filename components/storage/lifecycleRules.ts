import type * as inputs from '@pulumi/azure-native/types/input';
import type { Lifecycle } from '../configuration/resourceSettings';

const after = (days: number | undefined) => (days === undefined ? undefined : { daysAfterModificationGreaterThan: days });
const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };

interface LifecycleOptions {
  /** Versions that a change or a deletion left are deleted after this time; undefined where the account keeps none. */
  readonly versionDays?: number | undefined;
  /** Ages by container. */
  readonly lifecycle: Readonly<Record<string, Lifecycle | undefined>>;
}

/** Rules of an account's management policy: one per container with an age, and one for old versions. */
export function lifecycleRules(
  containers: readonly string[],
  { lifecycle, versionDays }: LifecycleOptions,
): inputs.storage.ManagementPolicyRuleArgs[] {
  const byContainer = containers.flatMap((container): inputs.storage.ManagementPolicyRuleArgs[] => {
    const { coolAfterDays, coldAfterDays, archiveAfterDays, deleteAfterDays } = lifecycle[container] ?? {};
    const baseBlob = given({
      tierToCool: after(coolAfterDays),
      tierToCold: after(coldAfterDays),
      tierToArchive: after(archiveAfterDays),
      delete: after(deleteAfterDays),
    });
    if (Object.keys(baseBlob).length === 0) return [];
    return [
      {
        name: container,
        enabled: true,
        type: 'Lifecycle',
        definition: { actions: { baseBlob }, filters: { blobTypes: ['blockBlob'], prefixMatch: [`${container}/`] } },
      },
    ];
  });
  if (versionDays === undefined) return byContainer;
  const versions: inputs.storage.ManagementPolicyRuleArgs = {
    name: 'old-versions',
    enabled: true,
    type: 'Lifecycle',
    definition: { actions: { version: { delete: { daysAfterCreationGreaterThan: versionDays } } }, filters: { blobTypes: ['blockBlob'] } },
  };
  return [...byContainer, versions];
}
