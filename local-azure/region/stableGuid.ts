import { createHash } from 'node:crypto';

/** A GUID that the same resource always gets: workspace ids, instrumentation keys. Of version 4 like Azure's own, which the name-based ones of the uuid library are not. */
export function stableGuid(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.join('\0').toLowerCase()).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
