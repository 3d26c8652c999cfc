import { ResourceError } from '../region/resourceType';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { ArmResource } from './armResource';
import { notFound } from './armResource';

/** Workspaces, compute clusters and datastores: what the deployment declares and programs may look at. */
export interface WorkspaceAsset extends ArmResource {
  readonly location?: string;
  readonly tags?: Record<string, string>;
  readonly identity?: {
    readonly type: string;
    readonly userAssignedIdentities?: Record<string, unknown>;
    readonly principalId?: string;
    readonly tenantId?: string;
  };
  readonly sku?: unknown;
}

export class Workspaces {
  constructor(private readonly store: AppendOnlyStore<WorkspaceAsset>) {}

  put(resource: WorkspaceAsset): void {
    this.store.set(resource.id.toLowerCase(), resource);
  }
  find(id: string): WorkspaceAsset | undefined {
    return this.store.get(id.toLowerCase());
  }
  get(id: string, what: string): WorkspaceAsset {
    const found = this.find(id);
    if (!found) throw notFound(`${what} '${id.split('/').pop() ?? id}'`);
    return found;
  }
  /** For the deployment: the workspace that a child resource belongs to. */
  parent(workspaceId: string): WorkspaceAsset {
    const found = this.find(workspaceId);
    if (!found)
      throw new ResourceError(
        'ParentResourceNotFound',
        `the workspace ${workspaceId} does not exist.`,
        'Declare it first and refer to its name output.',
      );
    return found;
  }
  children(workspaceId: string, collection: 'computes' | 'datastores'): WorkspaceAsset[] {
    const prefix = `${workspaceId.toLowerCase()}/${collection}/`;
    return [...this.store.entries()].flatMap(([key, resource]) => (key.startsWith(prefix) ? [resource] : []));
  }
  /** With what is below it. */
  delete(id: string): void {
    const key = id.toLowerCase();
    for (const [id] of [...this.store.entries()]) if (id === key || id.startsWith(`${key}/`)) this.store.delete(id);
  }
}
