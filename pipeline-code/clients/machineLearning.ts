import { AzureMachineLearningWorkspaces, type ModelVersion } from '@azure/arm-machinelearning';
import { modelTags, modelUri, type ModelTags } from '../../contracts/modelCatalog';
import { credential } from './credential';
import { isNotFound } from './storage';

/** The settings that every program of the workspace has. */
interface WorkspaceSettings {
  readonly AZURE_RESOURCE_MANAGER_ENDPOINT: string;
  readonly AZURE_RESOURCE_MANAGER_AUDIENCE: string;
  readonly SUBSCRIPTION_ID: string;
  readonly RESOURCE_GROUP: string;
  readonly ML_WORKSPACE: string;
}

/** The untyped ARM client of the workspace, for data assets and jobs. */
export const machineLearningClient = (settings: WorkspaceSettings) =>
  new AzureMachineLearningWorkspaces(credential(), settings.SUBSCRIPTION_ID, {
    endpoint: settings.AZURE_RESOURCE_MANAGER_ENDPOINT,
    credentialScopes: `${settings.AZURE_RESOURCE_MANAGER_AUDIENCE}/.default`,
    retryOptions: { maxRetries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 8_000 },
  });

export interface CatalogVersion {
  readonly name: string;
  readonly version: string;
  readonly modelUri: string;
  readonly tags: ModelTags;
  readonly properties: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly jobName: string | undefined;
}
interface NewVersion {
  readonly path: string;
  readonly tags: ModelTags;
  readonly properties: Readonly<Record<string, string>>;
  readonly description: string;
  readonly jobName: string;
}
export interface ModelCatalog {
  /** All versions whose tags are this project's, oldest first (numeric order). */
  versions(): Promise<CatalogVersion[]>;
  version(version: string): Promise<CatalogVersion | undefined>;
  /** Sets tags and keeps the others, and everything else of the version. */
  setTags(version: string, tags: Readonly<Record<string, string>>): Promise<CatalogVersion>;
  /** Registers the next version, unless one of the same data version is there already: that one is returned. */
  register(model: NewVersion): Promise<{ readonly version: CatalogVersion; readonly created: boolean }>;
}

const strings = (record: Readonly<Record<string, string | null | undefined>> | null | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(record ?? {}).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])));
const defined = (tags: ModelTags) => strings(tags as Record<string, string | undefined>);

function read(model: string, raw: ModelVersion): CatalogVersion | undefined {
  const tags = modelTags.safeParse(strings(raw.properties.tags));
  if (!tags.success || raw.name === undefined || raw.properties.modelUri === undefined) return undefined;
  return {
    name: model,
    version: raw.name,
    modelUri: raw.properties.modelUri,
    tags: tags.data,
    properties: strings(raw.properties.properties),
    description: raw.properties.description,
    jobName: raw.properties.jobName,
  };
}

const timeout = () => ({ abortSignal: AbortSignal.timeout(120_000) });

interface CatalogSettings extends WorkspaceSettings {
  readonly MODELS_DATASTORE: string;
}

class WorkspaceModelCatalog implements ModelCatalog {
  private readonly container: readonly [resourceGroup: string, workspace: string, model: string];

  constructor(
    private readonly settings: CatalogSettings,
    private readonly model: string,
    private readonly client: AzureMachineLearningWorkspaces,
  ) {
    this.container = [settings.RESOURCE_GROUP, settings.ML_WORKSPACE, model];
  }

  async versions(): Promise<CatalogVersion[]> {
    return this.usable(await this.all()).sort((a, b) => Number(a.version) - Number(b.version));
  }

  async version(version: string): Promise<CatalogVersion | undefined> {
    const found = await this.get(version);
    return found && read(this.model, found);
  }

  async setTags(version: string, tags: Readonly<Record<string, string>>): Promise<CatalogVersion> {
    const before = await this.get(version);
    if (before === undefined) throw new Error(`model ${this.model} has no version ${version}`);
    const { isAnonymous, isArchived, description, properties, flavors, jobName, modelType, modelUri: uri } = before.properties;
    const after = await this.put(version, {
      isAnonymous,
      isArchived,
      description,
      properties,
      flavors,
      jobName,
      modelType,
      modelUri: uri,
      tags: { ...before.properties.tags, ...tags },
    });
    const result = read(this.model, after);
    if (result === undefined) throw new Error(`model ${this.model} version ${version} lacks the tags of this project`);
    return result;
  }

  async register(next: NewVersion): Promise<{ readonly version: CatalogVersion; readonly created: boolean }> {
    const all = await this.all();
    const same = this.usable(all).find(({ tags }) => tags.dataVersion === next.tags.dataVersion);
    if (same !== undefined) return { version: same, created: false };
    const numbers = all.map(({ name }) => Number(name)).filter((number) => Number.isSafeInteger(number) && number > 0);
    const version = String(Math.max(0, ...numbers) + 1);
    if (all.length === 0)
      await this.client.modelContainers.createOrUpdate(
        ...this.container,
        { properties: { description: 'Anomaly models of this factory' } },
        timeout(),
      );
    const made = await this.put(version, {
      description: next.description,
      jobName: next.jobName,
      modelType: 'custom_model',
      modelUri: modelUri({
        subscriptionId: this.settings.SUBSCRIPTION_ID,
        resourceGroup: this.settings.RESOURCE_GROUP,
        workspace: this.settings.ML_WORKSPACE,
        datastore: this.settings.MODELS_DATASTORE,
        path: next.path,
      }),
      tags: defined(next.tags),
      properties: { ...next.properties },
    });
    const result = read(this.model, made);
    if (result === undefined) throw new Error(`model ${this.model} version ${version} came back without its tags`);
    return { version: result, created: true };
  }

  private put(version: string, properties: ModelVersion['properties']): Promise<ModelVersion> {
    return this.client.modelVersions.createOrUpdate(...this.container, version, { properties }, timeout());
  }

  private async get(version: string): Promise<ModelVersion | undefined> {
    try {
      return await this.client.modelVersions.get(...this.container, version, timeout());
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Archived versions, too: their numbers are taken for good. */
  private async all(): Promise<ModelVersion[]> {
    const found: ModelVersion[] = [];
    try {
      for await (const version of this.client.modelVersions.list(...this.container, { listViewType: 'All', ...timeout() }))
        found.push(version);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return found;
  }

  private usable(versions: readonly ModelVersion[]): CatalogVersion[] {
    return versions.filter(({ properties }) => properties.isArchived !== true).flatMap((version) => read(this.model, version) ?? []);
  }
}

export const modelCatalog = (settings: CatalogSettings, model: string, client = machineLearningClient(settings)): ModelCatalog =>
  new WorkspaceModelCatalog(settings, model, client);
