/** What the service keeps of each resource; ids are ARM ids. */
export interface NamespaceRecord {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}
export interface EventHubRecord {
  readonly id: string;
  readonly namespaceId: string;
  readonly name: string;
  readonly partitionCount: number;
  readonly retentionMs: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}
export interface ConsumerGroupRecord {
  readonly id: string;
  readonly eventHubId: string;
  readonly name: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}
export const defaultConsumerGroup = '$Default';
