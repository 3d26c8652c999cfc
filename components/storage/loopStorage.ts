import * as pulumi from '@pulumi/pulumi';
import { queueNames, type QueueName } from '../configuration/pipelineJobs';
import { storageAccountName, systemTopicName, type NameParts } from '../resource/names';
import type { UniformArgs } from '../resource/uniformComponent';
import { dataContainers, edgeContainers, type ContainerName } from '../configuration/containers';
import { EventTopic } from './eventTopic';
import { SecureAccount, type SecureAccountArgs } from './secureAccount';

/** How the accounts of a stack keep their blobs. */
type StorageSafety = Omit<
  Partial<SecureAccountArgs<ContainerName, never>>,
  keyof UniformArgs | 'resourceGroupName' | 'location' | 'accountName' | 'containers' | 'queues'
>;

export interface LoopStorageArgs extends UniformArgs {
  /** Resource group of accounts and topics. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** What the names are made of. */
  readonly names: pulumi.Input<NameParts>;
  /** Redundancy, versions, soft delete, lifecycle and protection of both accounts; default those of SecureAccount. */
  readonly safety?: StorageSafety;
}

/** The factory's two accounts, each with the topic of its events: `data` for the cloud, `edge` as the only one that a factory ever reaches. */
export class LoopStorage extends pulumi.ComponentResource {
  readonly data: SecureAccount<(typeof dataContainers)[number], QueueName>;
  readonly edge: SecureAccount<(typeof edgeContainers)[number]>;
  readonly dataEvents: EventTopic;
  readonly edgeEvents: EventTopic;

  constructor(name: string, args: LoopStorageArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:storage:LoopStorage', name, {}, opts);
    const { names: given, safety = {}, ...uniform } = args;
    const names = pulumi.output(given);
    this.data = new SecureAccount(
      'data',
      {
        ...uniform,
        ...safety,
        accountName: names.apply((parts) => storageAccountName('data', parts)),
        containers: dataContainers,
        queues: queueNames,
      },
      { parent: this },
    );
    this.edge = new SecureAccount(
      'edge',
      { ...uniform, ...safety, accountName: names.apply((parts) => storageAccountName('edge', parts)), containers: edgeContainers },
      { parent: this },
    );
    const topic = (of: 'data' | 'edge') =>
      new EventTopic(
        `${of}-events`,
        {
          resourceGroupName: uniform.resourceGroupName,
          location: uniform.location,
          ...(uniform.tags === undefined ? {} : { tags: uniform.tags }),
          ...(uniform.diagnostics === undefined ? {} : { diagnostics: uniform.diagnostics }),
          systemTopicName: names.apply((parts) => systemTopicName(of, parts)),
          source: this[of].id,
          topicType: 'Microsoft.Storage.StorageAccounts',
        },
        { parent: this },
      );
    this.dataEvents = topic('data');
    this.edgeEvents = topic('edge');
    this.registerOutputs({
      dataAccountId: this.data.id,
      edgeAccountId: this.edge.id,
      dataTopic: this.dataEvents.topicName,
      edgeTopic: this.edgeEvents.topicName,
    });
  }
}
