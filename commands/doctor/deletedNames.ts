import { z } from 'zod';
import { note, ready, type Finding } from './finding';

/** Answers about deleted vaults and workspaces of a subscription. */
export const deletedAnswer = z.object({ name: z.string(), properties: z.object({ scheduledPurgeDate: z.string().nullish() }).nullish() });
type DeletedAnswer = z.output<typeof deletedAnswer>;

/** What Azure keeps after it was deleted, and how it is brought back. */
interface KeptKind {
  readonly what: string;
  readonly path: string;
  readonly restore: string;
  /** Not among the published operations; scripts that clean up ask it. */
  readonly unpublished?: boolean;
}
export const keptKinds: Readonly<Record<'vaults' | 'logs' | 'learning', KeptKind>> = {
  vaults: {
    what: 'deleted vaults',
    path: 'Microsoft.KeyVault/deletedVaults?api-version=2026-02-01',
    restore: 'az keyvault recover --name <name>',
  },
  logs: {
    what: 'deleted log workspaces',
    path: 'Microsoft.OperationalInsights/deletedWorkspaces?api-version=2023-09-01',
    restore: 'az monitor log-analytics workspace recover --resource-group <group> --workspace-name <name>',
  },
  learning: {
    what: 'deleted ML workspaces',
    path: 'Microsoft.MachineLearningServices/deletedWorkspaces?api-version=2024-10-01',
    restore: 'Azure portal, Azure Machine Learning, Recently deleted',
    unpublished: true,
  },
};

/** Names of this factory that are still soft-deleted. They stop nothing: a name has a random part that a new stack draws anew. */
export function judgeDeletedNames({ what, restore }: KeptKind, deleted: readonly DeletedAnswer[], prefixes: readonly string[]): Finding {
  const ours = deleted.filter(({ name }) => prefixes.some((prefix) => name.toLowerCase().startsWith(prefix.toLowerCase())));
  if (ours.length === 0) return ready(what, 'none of this factory is kept');
  const shown = ours
    .map(
      ({ name, properties }) => `${name}${properties?.scheduledPurgeDate ? ` (until ${properties.scheduledPurgeDate.slice(0, 10)})` : ''}`,
    )
    .sort();
  return note(
    what,
    `still soft-deleted: ${shown.join(', ')}`,
    `nothing, a new stack draws new names; only a stack whose state still names one must restore it first: ${restore}`,
  );
}
