/** What the service keeps of each resource; ids are ARM ids. `inputs` are the declared properties as they came. */
export interface NamespaceRecord { readonly id: string; readonly name: string; readonly inputs: Record<string, unknown>; readonly createdAt: string; readonly updatedAt: string }
export interface EventHubRecord { readonly id: string; readonly namespaceId: string; readonly name: string; readonly partitionCount: number; readonly retentionMs: number; readonly inputs: Record<string, unknown>; readonly createdAt: string; readonly updatedAt: string }
export interface ConsumerGroupRecord { readonly id: string; readonly eventHubId: string; readonly name: string; readonly inputs: Record<string, unknown>; readonly createdAt: string; readonly updatedAt: string }
export const defaultConsumerGroup = '$Default';
