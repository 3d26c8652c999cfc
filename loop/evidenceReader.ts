import { createHash } from 'node:crypto';
import { ContainerAppsAPIClient } from '@azure/arm-appcontainers';
import { AzureMachineLearningWorkspaces } from '@azure/arm-machinelearning';
import { ContainerRegistryClient } from '@azure/container-registry';
import { EventHubConsumerClient } from '@azure/event-hubs';
import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { datasetManifest, type DatasetManifest } from '../contracts/datasetManifest';
import { deliveryRecord, type DeliveryRecord } from '../contracts/deliveryRecord';
import { modelTags, type ModelTags } from '../contracts/modelCatalog';
import type { StackOutputs } from '../contracts/stackOutputs';

interface BlobEvidence {
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly createdAt: Date;
}
export interface ReceivedDeviceMessage {
  readonly deviceId: string;
  readonly enqueuedAt: Date;
  readonly type: string;
  readonly kind?: string;
  readonly deliveryId: string;
  readonly body: Record<string, unknown>;
}
interface JobRun {
  readonly name: string;
  readonly status: string;
  readonly startedAt: Date;
  readonly endedAt?: Date;
}

const maxBlobBytes = 512 * 1024 * 1024;
const statusOf = (error: unknown) => (error as { statusCode?: number }).statusCode;

/** Reads what the services themselves hold, as an identity that may only read. Every call goes through the ordinary SDK clients. */
export class EvidenceReader {
  private readonly data: BlobServiceClient;
  private readonly edge: BlobServiceClient;
  private readonly ml: BlobServiceClient;
  private readonly workspace: AzureMachineLearningWorkspaces;
  private readonly apps: ContainerAppsAPIClient;
  private readonly registry: ContainerRegistryClient;
  private readonly messages: ReceivedDeviceMessage[] = [];
  private events: EventHubConsumerClient | undefined;
  private subscription: { close(): Promise<void> } | undefined;

  constructor(
    readonly outputs: StackOutputs,
    private readonly credential: TokenCredential,
  ) {
    this.data = new BlobServiceClient(outputs.dataBlobEndpoint, credential);
    this.edge = new BlobServiceClient(outputs.edgeBlobEndpoint, credential);
    this.ml = new BlobServiceClient(outputs.mlBlobEndpoint, credential);
    const arm = { endpoint: outputs.resourceManagerEndpoint };
    this.workspace = new AzureMachineLearningWorkspaces(credential, outputs.subscriptionId, {
      ...arm,
      credentialScopes: `${outputs.resourceManagerAudience}/.default`,
    });
    this.apps = new ContainerAppsAPIClient(credential, outputs.subscriptionId, {
      ...arm,
      credentials: { scopes: [`${outputs.resourceManagerAudience}/.default`] },
    });
    this.registry = new ContainerRegistryClient(`https://${outputs.registryLoginServer}`, credential);
  }

  container(account: 'data' | 'edge' | 'ml', name: string): ContainerClient {
    return this[account].getContainerClient(name);
  }

  async list(container: ContainerClient, prefix: string): Promise<{ name: string; createdAt: Date }[]> {
    const found = [];
    for await (const blob of container.listBlobsFlat({ prefix }))
      found.push({ name: blob.name, createdAt: blob.properties.createdOn ?? blob.properties.lastModified });
    return found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  }

  async text(container: ContainerClient, name: string): Promise<string | undefined> {
    return (await this.bytes(container, name))?.toString('utf8');
  }

  /** Name, size and digest of a blob, computed from its bytes. */
  async blob(container: ContainerClient, name: string): Promise<BlobEvidence | undefined> {
    try {
      const response = await container.getBlobClient(name).download();
      const hash = createHash('sha256');
      let sizeBytes = 0;
      for await (const chunk of response.readableStreamBody ?? []) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        if (sizeBytes > maxBlobBytes) throw new Error(`${name} is larger than ${maxBlobBytes} bytes`);
      }
      return { name, sha256: hash.digest('hex'), sizeBytes, createdAt: response.lastModified ?? new Date(0) };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async bytes(container: ContainerClient, name: string): Promise<Buffer | undefined> {
    try {
      return await container.getBlobClient(name).downloadToBuffer();
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** The newest manifest of the data set that was written since a time and is accepted. */
  async manifest(since: Date, accept: (manifest: DatasetManifest) => boolean): Promise<DatasetManifest | undefined> {
    const container = this.container('data', this.outputs.processedContainer);
    const newest = (await this.list(container, `${this.outputs.dataset}/`))
      .filter((blob) => blob.name.endsWith('/manifest.json') && blob.createdAt >= since)
      .pop();
    const text = newest && (await this.text(container, newest.name));
    const manifest = text === undefined ? undefined : datasetManifest.parse(JSON.parse(text));
    return manifest && accept(manifest) ? manifest : undefined;
  }

  async trainingJob(dataVersion: string): Promise<{ name: string; status: string; createdAt?: Date; services: unknown } | undefined> {
    for await (const job of this.workspace.jobs.list(this.outputs.resourceGroup, this.outputs.mlWorkspace)) {
      const properties = job.properties;
      if (properties.tags?.['dataVersion'] === dataVersion)
        return {
          name: job.name ?? '',
          status: properties.status ?? '',
          services: properties.services,
          ...(job.systemData?.createdAt ? { createdAt: job.systemData.createdAt } : {}),
        };
    }
    return undefined;
  }

  async modelVersion(dataVersion: string): Promise<{ version: string; tags: ModelTags; modelUri: string; createdAt?: Date } | undefined> {
    try {
      for await (const version of this.workspace.modelVersions.list(
        this.outputs.resourceGroup,
        this.outputs.mlWorkspace,
        this.outputs.modelName,
      )) {
        const tags = modelTags.safeParse(version.properties.tags);
        if (tags.success && tags.data.dataVersion === dataVersion)
          return {
            version: version.name ?? '',
            tags: tags.data,
            modelUri: version.properties.modelUri ?? '',
            ...(version.systemData?.createdAt ? { createdAt: version.systemData.createdAt } : {}),
          };
      }
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    return undefined;
  }

  /** Executions of a Container Apps job since a time, oldest first. */
  async jobRuns(program: string, since: Date): Promise<JobRun[]> {
    const runs: JobRun[] = [];
    for await (const run of this.apps.jobsExecutions.list(this.outputs.resourceGroup, this.outputs.jobs[program] ?? program)) {
      const startedAt = run.startTime ?? new Date(0);
      if (startedAt >= since)
        runs.push({ name: run.name ?? '', status: run.status ?? '', startedAt, ...(run.endTime ? { endedAt: run.endTime } : {}) });
    }
    return runs.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  }

  async artifact(repository: string, tag: string): Promise<{ repository: string; tag: string; digest: string } | undefined> {
    try {
      const { digest } = await this.registry.getArtifact(repository, tag).getTagProperties(tag);
      return { repository, tag, digest };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async delivery(packageId: string, packageVersion: string): Promise<DeliveryRecord | undefined> {
    const container = this.container('data', this.outputs.deliveriesContainer);
    for (const { name } of await this.list(container, '')) {
      const text = await this.text(container, name);
      const record = text === undefined ? undefined : deliveryRecord.safeParse(JSON.parse(text));
      if (record?.success === true && record.data.packageId === packageId && record.data.packageVersion === packageVersion)
        return record.data;
    }
    return undefined;
  }

  /** Listens to what the factory's devices send, through the routed event hub and a consumer group of its own. */
  listen(since: Date): void {
    const { eventHubsHost, eventHubName, evidenceConsumerGroup } = this.outputs;
    const [host = '', port] = eventHubsHost.split(':');
    this.events = new EventHubConsumerClient(evidenceConsumerGroup, host, eventHubName, this.credential, {
      ...(port === undefined ? {} : { customEndpointAddress: `sb://${eventHubsHost}` }),
      retryOptions: { maxRetries: 3, retryDelayInMs: 500 },
    });
    this.subscription = this.events.subscribe(
      {
        processEvents: async (events) => {
          for (const event of events) {
            const properties = (event.properties ?? {}) as Record<string, unknown>;
            this.messages.push({
              deviceId: String(event.systemProperties?.['iothub-connection-device-id'] ?? ''),
              enqueuedAt: event.enqueuedTimeUtc,
              type: String(properties['type']),
              deliveryId: String(properties['deliveryId']),
              body: (typeof event.body === 'object' ? event.body : {}) as Record<string, unknown>,
              ...(properties['kind'] === undefined ? {} : { kind: String(properties['kind']) }),
            });
          }
        },
        processError: async () => undefined,
      },
      { startPosition: { enqueuedOn: since }, maxWaitTimeInSeconds: 1 },
    );
  }
  deviceMessages(deliveryId: string): readonly ReceivedDeviceMessage[] {
    return this.messages.filter((message) => message.deliveryId === deliveryId);
  }

  async close(): Promise<void> {
    await this.subscription?.close();
    await this.events?.close();
  }
}
