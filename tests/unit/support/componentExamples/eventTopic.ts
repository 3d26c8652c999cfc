import { EventTopic } from '../../../../components/storage/eventTopic';
import { account } from './secureAccount';

export const topic = new EventTopic('archive-events', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  systemTopicName: 'evgt-archive-x7k2',
  source: account.id,
  topicType: 'Microsoft.Storage.StorageAccounts',
});
