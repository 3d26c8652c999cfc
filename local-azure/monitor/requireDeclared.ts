import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { ResourceError, type Properties } from '../region/resourceType';

/** Azure refuses a reference to what is not there. */
export function requireDeclared(
  declared: AppendOnlyStore<Properties>,
  id: unknown,
  what: string,
  advice = 'Declare it first and refer to its id.',
): void {
  if (!declared.has(String(id).toLowerCase())) throw new ResourceError('ResourceNotFound', `${what} ${String(id)} does not exist.`, advice);
}
