import { AzureMachineLearningWorkspaces, type DataVersionBase, type ModelVersion } from '@azure/arm-machinelearning';
import { ContainerRegistryClient } from '@azure/container-registry';
import type { TokenCredential } from '@azure/identity';
import type { ContainerClient } from '@azure/storage-blob';
import { loopNames } from '../../contracts/datasets';
import { deliveryRecord } from '../../contracts/deliveryRecord';
import { packageFolder } from '../../contracts/edgePackage';
import { type EvidenceReader } from '../../loop/evidenceReader';

/** What was taken away, by kind, and what could not be, with the reason. */
export interface CleanedUp {
  readonly removed: Readonly<Record<string, number>>;
  readonly left: readonly string[];
}

const statusOf = (error: unknown) => (error as { statusCode?: number }).statusCode;
const timeout = () => ({ abortSignal: AbortSignal.timeout(120_000) });

/** Undefined when it is not there. */
async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  try {
    for await (const item of items) found.push(item);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
  return found;
}

/**
 * Takes away what the smoke test of a data set made. Raw file and data version go first: programs that are still at work for it then miss
 * their input and end. Model and data version are archived, so that their numbers are never given again. Batches of the landing zone are
 * written once and stay. `outputs` are the stack's, with the names of the data set; one kind that fails keeps no other from being done.
 */
export async function cleanUp(reader: EvidenceReader, credential: TokenCredential, onlyRaw = false): Promise<CleanedUp> {
  const { outputs } = reader;
  const { dataset, resourceGroup, mlWorkspace } = outputs;
  const names = loopNames(outputs.factory, dataset);
  const removed: Record<string, number> = {};
  const left: string[] = [];
  const part = async (what: string, work: () => Promise<number>) => {
    try {
      const count = await work();
      if (count > 0) removed[what] = count;
    } catch (error) {
      left.push(`${what}: ${(error as Error).message.split('\n')[0]?.slice(0, 300) ?? ''}`);
    }
  };
  const removeBelow = async (container: ContainerClient, prefix: string) => {
    const blobs = await reader.list(container, prefix);
    for (const { name } of blobs) await unlessMissing(container.deleteBlob(name, timeout()));
    return blobs.length;
  };
  await part('raw files', () => removeBelow(reader.container('data', outputs.rawContainer), `${dataset}/`));
  if (onlyRaw) return { removed, left };

  const workspace = new AzureMachineLearningWorkspaces(credential, outputs.subscriptionId, {
    endpoint: outputs.resourceManagerEndpoint,
    credentialScopes: `${outputs.resourceManagerAudience}/.default`,
  });
  const workspaceOf = [resourceGroup, mlWorkspace] as const;
  const ofDataset = <T extends ModelVersion | DataVersionBase>(all: readonly T[]) =>
    all.filter(({ properties }) => properties.tags?.['dataset'] === dataset);
  let models: readonly ModelVersion[] = [];
  await part('models found', async () => {
    models = ofDataset(await collect(workspace.modelVersions.list(...workspaceOf, names.model, { listViewType: 'All', ...timeout() })));
    return 0;
  });
  const versions = models.flatMap(({ name }) => name ?? []);

  await part('processed files', () => removeBelow(reader.container('data', outputs.processedContainer), `${dataset}/`));
  await part('quarantined files', () => removeBelow(reader.container('data', outputs.quarantineContainer), `${dataset}/`));
  await part('delivery records', async () => {
    const container = reader.container('data', outputs.deliveriesContainer);
    let count = 0;
    for (const { name } of await reader.list(container, '')) {
      const record = deliveryRecord.safeParse(JSON.parse((await reader.text(container, name)) ?? 'null'));
      if (!record.success || record.data.packageId !== names.packageId || !versions.includes(record.data.packageVersion)) continue;
      await unlessMissing(container.deleteBlob(name, timeout()));
      count++;
    }
    return count;
  });
  await part('package files', async () => {
    let count = 0;
    for (const version of versions)
      count += await removeBelow(reader.container('edge', outputs.packagedModelsContainer), `${packageFolder(names.packageId, version)}/`);
    return count;
  });
  const registry = new ContainerRegistryClient(`https://${outputs.registryLoginServer}`, credential);
  await part('artifacts', async () => {
    let count = 0;
    for (const repository of [names.modelRepository, names.packageRepository]) {
      for (const version of versions) {
        const tag = await reader.artifact(repository, version);
        if (tag === undefined) continue;
        await unlessMissing(registry.getArtifact(repository, tag.digest).delete(timeout()));
        count++;
      }
    }
    return count;
  });
  await part('model versions archived', async () => {
    const open = models.filter(({ properties }) => properties.isArchived !== true);
    for (const { name = '', properties } of open)
      await workspace.modelVersions.createOrUpdate(
        ...workspaceOf,
        names.model,
        name,
        { properties: { ...properties, isArchived: true } },
        timeout(),
      );
    return open.length;
  });
  await part('data versions archived', async () => {
    const open = ofDataset(
      await collect(workspace.dataVersions.list(...workspaceOf, names.dataAsset, { listViewType: 'ActiveOnly', ...timeout() })),
    );
    for (const { name = '', properties } of open)
      await workspace.dataVersions.createOrUpdate(
        ...workspaceOf,
        names.dataAsset,
        name,
        { properties: { ...properties, isArchived: true } },
        timeout(),
      );
    return open.length;
  });
  return { removed, left };
}
