import { local } from '@pulumi/command';
import type * as pulumi from '@pulumi/pulumi';

/** How long Azure is given before something that does not ask again relies on what is new: role assignments, custom roles, log workspaces. */
export const defaultPropagationSeconds = 240;

/** Whatever depends on it comes so many seconds after `triggers` first exist; none where there is nothing to wait for. */
export function waitForPropagation(
  name: string,
  seconds: number,
  triggers: readonly pulumi.CustomResource[],
  parent: pulumi.Resource,
): pulumi.Resource[] {
  if (seconds === 0 || triggers.length === 0) return [];
  return [
    new local.Command(
      name,
      { create: `node -e "setTimeout(() => {}, ${seconds * 1_000})"`, triggers: triggers.map(({ id }) => id) },
      { parent, dependsOn: [...triggers] },
    ),
  ];
}
