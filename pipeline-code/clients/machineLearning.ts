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

export function modelCatalog(
  settings: WorkspaceSettings & { readonly MODELS_DATASTORE: string },
  model: string,
  client = machineLearningClient(settings),
): ModelCatalog {
  const { modelVersions, modelContainers } = client;
  const place = [settings.RESOURCE_GROUP, settings.ML_WORKSPACE, model] as const;

  async function raw(version: string): Promise<ModelVersion | undefined> {
    try {
      return await modelVersions.get(...place, version, timeout());
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
  async function rawVersions(): Promise<ModelVersion[]> {
    const found: ModelVersion[] = [];
    try {
      // Archived versions, too: their numbers are taken for good.
      for await (const one of modelVersions.list(...place, { listViewType: 'All', ...timeout() })) found.push(one);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return found;
  }
  const ofUse = (all: readonly ModelVersion[]) =>
    all.filter((one) => one.properties.isArchived !== true).flatMap((one) => read(model, one) ?? []);
  const numbers = (all: readonly ModelVersion[]) =>
    all.map((one) => Number(one.name)).filter((number) => Number.isSafeInteger(number) && number > 0);

  const catalog: ModelCatalog = {
    versions: async () => ofUse(await rawVersions()).sort((a, b) => Number(a.version) - Number(b.version)),
    version: async (version) => {
      const found = await raw(version);
      return found && read(model, found);
    },
    setTags: async (version, tags) => {
      const before = await raw(version);
      if (before === undefined) throw new Error(`model ${model} has no version ${version}`);
      const { isAnonymous, isArchived, description, properties, flavors, jobName, modelType, modelUri: uri } = before.properties;
      const after = await modelVersions.createOrUpdate(
        ...place,
        version,
        {
          properties: {
            isAnonymous,
            isArchived,
            description,
            properties,
            flavors,
            jobName,
            modelType,
            modelUri: uri,
            tags: { ...before.properties.tags, ...tags },
          },
        },
        timeout(),
      );
      const result = read(model, after);
      if (result === undefined) throw new Error(`model ${model} version ${version} lacks the tags of this project`);
      return result;
    },
    register: async (next) => {
      const all = await rawVersions();
      const same = ofUse(all).find((one) => one.tags.dataVersion === next.tags.dataVersion);
      if (same !== undefined) return { version: same, created: false };
      const version = String(Math.max(0, ...numbers(all)) + 1);
      if (all.length === 0)
        await modelContainers.createOrUpdate(...place, { properties: { description: 'Anomaly models of this factory' } }, timeout());
      const uri = modelUri({
        subscriptionId: settings.SUBSCRIPTION_ID,
        resourceGroup: settings.RESOURCE_GROUP,
        workspace: settings.ML_WORKSPACE,
        datastore: settings.MODELS_DATASTORE,
        path: next.path,
      });
      const made = await modelVersions.createOrUpdate(
        ...place,
        version,
        {
          properties: {
            description: next.description,
            jobName: next.jobName,
            modelType: 'custom_model',
            modelUri: uri,
            tags: defined(next.tags),
            properties: { ...next.properties },
          },
        },
        timeout(),
      );
      const result = read(model, made);
      if (result === undefined) throw new Error(`model ${model} version ${version} came back without its tags`);
      return { version: result, created: true };
    },
  };
  return catalog;
}
