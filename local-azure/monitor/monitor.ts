import { createHash } from 'node:crypto';
import type { Properties } from '../provider/resourceType';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext, Service } from '../region/regionContext';

/** A GUID that the same resource always gets: workspace ids, instrumentation keys. */
export function stableGuid(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.join('\0').toLowerCase()).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Control plane of Azure Monitor: what is declared is checked and kept; nothing is ingested. */
export class Monitor implements Service {
  readonly name = 'monitor';
  readonly declared: AppendOnlyStore<Properties>;

  constructor(context: RegionContext) {
    this.declared = context.openStore('monitor/declared');
  }
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
}
