import type { z } from 'zod';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';
import { notFound, stamped, userError, type ArmResource } from './armResource';
import {
  checkAssetName,
  dataContainerBody,
  dataVersionBody,
  environmentContainerBody,
  environmentVersionBody,
  modelContainerBody,
  modelVersionBody,
} from './bodies';

interface AssetKind {
  readonly container: z.ZodType;
  readonly version: z.ZodType;
  /** Properties that a version keeps for ever. */
  readonly immutable: readonly string[];
  readonly what: string;
}
export const assetKinds = {
  models: { what: 'Model', container: modelContainerBody, version: modelVersionBody, immutable: ['modelUri', 'modelType', 'jobName'] },
  data: { what: 'Data asset', container: dataContainerBody, version: dataVersionBody, immutable: ['dataUri', 'dataType'] },
  environments: {
    what: 'Environment',
    container: environmentContainerBody,
    version: environmentVersionBody,
    immutable: ['image', 'condaFile', 'build', 'osType'],
  },
} as const satisfies Record<string, AssetKind>;
export type AssetKindName = keyof typeof assetKinds;

export interface Put {
  readonly resource: ArmResource;
  readonly created: boolean;
}
const type = (kind: AssetKindName, version: boolean) => `Microsoft.MachineLearningServices/workspaces/${kind}${version ? '/versions' : ''}`;

/** Models, data assets and environments of all workspaces: containers with versions whose content never changes. */
export class Assets {
  constructor(
    private readonly store: AppendOnlyStore<ArmResource>,
    private readonly clock: Clock,
  ) {}

  private containerKey(workspaceId: string, kind: AssetKindName, name: string) {
    return `${workspaceId.toLowerCase()}/${kind}/${name}`;
  }

  putContainer(workspaceId: string, kind: AssetKindName, name: string, properties: Record<string, unknown>, by: string): Put {
    checkAssetName(name);
    const key = this.containerKey(workspaceId, kind, name);
    const before = this.store.get(key);
    if (before && kind === 'data' && before.properties['dataType'] !== properties['dataType'])
      throw userError(
        `The data asset '${name}' has dataType ${String(before.properties['dataType'])}, which cannot be changed to ${String(properties['dataType'])}.`,
      );
    this.store.set(key, {
      id: `${workspaceId}/${kind}/${name}`,
      name,
      type: type(kind, false),
      properties: { isArchived: false, ...properties },
      systemData: stamped(this.clock, by, before?.systemData),
    });
    return { resource: this.container(workspaceId, kind, name), created: before === undefined };
  }

  /** Makes the container too when there is none yet. */
  putVersion(workspaceId: string, kind: AssetKindName, name: string, version: string, given: Record<string, unknown>, by: string): Put {
    checkAssetName(name, version);
    const properties: Record<string, unknown> = {
      isArchived: false,
      isAnonymous: false,
      ...(kind === 'environments' ? { environmentType: 'UserCreated', osType: 'Linux' } : {}),
      ...given,
    };
    const container = this.containerKey(workspaceId, kind, name);
    const key = `${container}/versions/${version}`;
    const before = this.store.get(key);
    for (const property of before ? assetKinds[kind].immutable : []) {
      const [old, next] = [before?.properties[property] ?? null, properties[property] ?? null];
      if (JSON.stringify(old) !== JSON.stringify(next))
        throw userError(
          `${assetKinds[kind].what} version '${name}:${version}' exists: ${property} cannot be changed from ${JSON.stringify(old)} to ${JSON.stringify(next)}. Register a new version.`,
        );
    }
    if (!this.store.has(container)) this.putContainer(workspaceId, kind, name, kind === 'data' ? { dataType: given['dataType'] } : {}, by);
    const resource: ArmResource = {
      id: `${workspaceId}/${kind}/${name}/versions/${version}`,
      name: version,
      type: type(kind, true),
      properties,
      systemData: stamped(this.clock, by, before?.systemData),
    };
    this.store.set(key, resource);
    return { resource, created: before === undefined };
  }

  findVersion(workspaceId: string, kind: AssetKindName, name: string, version: string): ArmResource | undefined {
    return this.store.get(`${this.containerKey(workspaceId, kind, name)}/versions/${version}`);
  }
  version(workspaceId: string, kind: AssetKindName, name: string, version: string): ArmResource {
    const found = this.findVersion(workspaceId, kind, name, version);
    if (!found) throw notFound(`${assetKinds[kind].what} '${name}:${version}'`);
    return found;
  }
  hasContainer(workspaceId: string, kind: AssetKindName, name: string): boolean {
    return this.store.has(this.containerKey(workspaceId, kind, name));
  }
  container(workspaceId: string, kind: AssetKindName, name: string): ArmResource {
    const found = this.store.get(this.containerKey(workspaceId, kind, name));
    if (!found) throw notFound(`${assetKinds[kind].what} '${name}'`);
    const versions = this.below(`${this.containerKey(workspaceId, kind, name)}/versions/`);
    const numbers = versions.map((version) => Number(version.name)).filter((number) => Number.isSafeInteger(number));
    const latest = versions.sort((a, b) => a.systemData.createdAt.localeCompare(b.systemData.createdAt)).at(-1)?.name;
    return {
      ...found,
      properties: {
        ...found.properties,
        ...(latest === undefined ? {} : { latestVersion: latest }),
        nextVersion: String(Math.max(0, ...numbers) + 1),
      },
    };
  }
  containers(workspaceId: string, kind: AssetKindName): ArmResource[] {
    const prefix = `${workspaceId.toLowerCase()}/${kind}/`;
    return this.below(prefix)
      .filter((resource) => resource.type === type(kind, false))
      .map((resource) => this.container(workspaceId, kind, resource.name));
  }
  versions(workspaceId: string, kind: AssetKindName, name: string): ArmResource[] {
    this.container(workspaceId, kind, name);
    return this.below(`${this.containerKey(workspaceId, kind, name)}/versions/`);
  }
  deleteVersion(workspaceId: string, kind: AssetKindName, name: string, version: string): boolean {
    return this.store.delete(`${this.containerKey(workspaceId, kind, name)}/versions/${version}`);
  }
  deleteWorkspace(workspaceId: string): void {
    for (const [id] of [...this.store.entries()]) if (id.startsWith(`${workspaceId.toLowerCase()}/`)) this.store.delete(id);
  }
  deleteContainer(workspaceId: string, kind: AssetKindName, name: string): void {
    const key = this.containerKey(workspaceId, kind, name);
    for (const [id] of [...this.store.entries()]) if (id === key || id.startsWith(`${key}/`)) this.store.delete(id);
  }

  private below(prefix: string): ArmResource[] {
    return [...this.store.entries()].flatMap(([key, resource]) => (key.startsWith(prefix) ? [resource] : []));
  }
}
