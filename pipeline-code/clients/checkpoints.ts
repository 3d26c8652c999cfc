import { type Checkpoint, type CheckpointStore, type PartitionOwnership } from '@azure/event-hubs';
import { type BlobItem, type ContainerClient } from '@azure/storage-blob';
import { isConflict } from './storage';

type Group = Pick<Checkpoint, 'fullyQualifiedNamespace' | 'eventHubName' | 'consumerGroup'>;
const prefixOf = (group: Group, kind: 'ownership' | 'checkpoint') =>
  `${group.fullyQualifiedNamespace}/${group.eventHubName}/${group.consumerGroup}`.toLowerCase().concat('/', kind, '/');
const timeout = () => ({ abortSignal: AbortSignal.timeout(60_000) });

/** Checkpoints and partition ownership as empty blobs with metadata, in the layout of Azure's own store for .NET, Java, Python and JavaScript. */
export function blobCheckpoints(container: ContainerClient): CheckpointStore {
  async function list(prefix: string): Promise<{ partitionId: string; blob: BlobItem }[]> {
    const found: { partitionId: string; blob: BlobItem }[] = [];
    for await (const blob of container.listBlobsFlat({ prefix, includeMetadata: true, ...timeout() }))
      found.push({ partitionId: blob.name.slice(prefix.length), blob });
    return found;
  }

  /** Undefined when another processor was faster. */
  async function claim(ownership: PartitionOwnership): Promise<PartitionOwnership | undefined> {
    const blob = container.getBlockBlobClient(prefixOf(ownership, 'ownership') + ownership.partitionId);
    const metadata = { ownerid: ownership.ownerId };
    try {
      const answer = ownership.etag
        ? await blob.setMetadata(metadata, { conditions: { ifMatch: ownership.etag }, ...timeout() })
        : await blob.upload('', 0, { metadata, conditions: { ifNoneMatch: '*' }, ...timeout() });
      return { ...ownership, etag: answer.etag, lastModifiedTimeInMs: answer.lastModified?.getTime() };
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  return {
    async listOwnership(fullyQualifiedNamespace, eventHubName, consumerGroup) {
      const group = { fullyQualifiedNamespace, eventHubName, consumerGroup };
      return (await list(prefixOf(group, 'ownership'))).map(({ partitionId, blob }) => ({
        ...group,
        partitionId,
        ownerId: blob.metadata?.ownerid ?? '',
        etag: blob.properties.etag,
        lastModifiedTimeInMs: blob.properties.lastModified.getTime(),
      }));
    },
    async claimOwnership(wanted) {
      return (await Promise.all(wanted.map(claim))).filter((claimed) => claimed !== undefined);
    },
    async updateCheckpoint(checkpoint) {
      const metadata = { sequencenumber: String(checkpoint.sequenceNumber), offset: checkpoint.offset };
      await container
        .getBlockBlobClient(prefixOf(checkpoint, 'checkpoint') + checkpoint.partitionId)
        .upload('', 0, { metadata, ...timeout() });
    },
    async listCheckpoints(fullyQualifiedNamespace, eventHubName, consumerGroup) {
      const group = { fullyQualifiedNamespace, eventHubName, consumerGroup };
      return (await list(prefixOf(group, 'checkpoint'))).flatMap(({ partitionId, blob }) => {
        const { offset, sequencenumber } = blob.metadata ?? {};
        return offset === undefined || sequencenumber === undefined
          ? []
          : [{ ...group, partitionId, offset, sequenceNumber: Number(sequencenumber) }];
      });
    },
  };
}
