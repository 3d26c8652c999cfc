import * as pulumi from '@pulumi/pulumi';
import { queueNames, type QueueName } from '../access/roleMatrix';
import { storageAccountName, systemTopicName, type NameParts } from '../naming';
import type { Profile } from '../profiles';
import { EventTopic } from './eventTopic';
import { SecureAccount } from './secureAccount';

export const dataContainers = ['raw', 'processed', 'quarantine', 'deliveries', 'checkpoints', 'dead-letters'] as const;
export const edgeContainers = ['packaged-models', 'landing-zone'] as const;

export interface LoopStorageArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  readonly names: pulumi.Output<NameParts>;
  readonly profile: Pick<Profile, 'storageSku' | 'softDeleteDays' | 'protectData'>;
  readonly tags: Readonly<Record<string, string>>;
}

/** The factory's two accounts, each with the topic of its events: `data` for the cloud, `edge` as the only one that a factory ever reaches. */
export class LoopStorage extends pulumi.ComponentResource {
  readonly data: SecureAccount<(typeof dataContainers)[number], QueueName>;
  readonly edge: SecureAccount<(typeof edgeContainers)[number], never>;
  readonly dataEvents: EventTopic;
  readonly edgeEvents: EventTopic;

  constructor(name: string, args: LoopStorageArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:storage:LoopStorage', name, {}, opts);
    const { resourceGroupName, location, names, profile, tags } = args;
    const account = { resourceGroupName, location, tags, sku: profile.storageSku, softDeleteDays: profile.softDeleteDays, protect: profile.protectData };
    this.data = new SecureAccount('data', { ...account, accountName: names.apply((parts) => storageAccountName('data', parts)), containers: dataContainers, queues: queueNames }, { parent: this });
    this.edge = new SecureAccount('edge', { ...account, accountName: names.apply((parts) => storageAccountName('edge', parts)), containers: edgeContainers, queues: [] }, { parent: this });
    const topic = (of: 'data' | 'edge') => new EventTopic(`${of}-events`, {
      resourceGroupName, location, tags, systemTopicName: names.apply((parts) => systemTopicName(of, parts)), source: this[of].id, topicType: 'Microsoft.Storage.StorageAccounts',
    }, { parent: this });
    this.dataEvents = topic('data');
    this.edgeEvents = topic('edge');
    this.registerOutputs({ dataAccountId: this.data.id, edgeAccountId: this.edge.id });
  }
}
