import { z } from 'zod';
import { note, ready, type Finding } from './finding';

/** Answers about deleted vaults and Log Analytics workspaces of a subscription. */
export const deletedAnswer = z.object({ name: z.string(), properties: z.object({ scheduledPurgeDate: z.string().nullish() }).nullish() });
export type DeletedAnswer = z.output<typeof deletedAnswer>;

/** Names of this factory that are still soft-deleted. They stop nothing: a name has a random part that a new stack draws anew. */
export function judgeDeletedNames(deleted: readonly DeletedAnswer[], prefixes: readonly string[]): Finding {
  const ours = deleted.filter(({ name }) => prefixes.some((prefix) => name.toLowerCase().startsWith(prefix.toLowerCase())));
  if (ours.length === 0) return ready('deleted names', 'none of this factory is kept');
  const shown = ours.map(({ name, properties }) => `${name}${properties?.scheduledPurgeDate ? ` (until ${properties.scheduledPurgeDate.slice(0, 10)})` : ''}`).sort();
  return note('deleted names', `still soft-deleted: ${shown.join(', ')}`, 'nothing, a new stack draws new names; only a stack whose state still names one must restore it first: az keyvault recover --name <name>');
}
