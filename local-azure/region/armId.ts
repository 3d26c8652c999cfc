import { subscriptionId } from './regionContext';

/** ARM id: `armId('rg', 'Microsoft.Storage/storageAccounts', 'data')`, or with nested types and as many names. */
export function armId(resourceGroup: string, type: string, ...names: readonly string[]): string {
  const [namespace, ...types] = type.split('/');
  const path = types.map((segment, index) => `${segment}/${names[index] ?? ''}`).join('/');
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${namespace ?? ''}/${path}`;
}
/** ids of the data-plane containers, as role assignments name them. */
export const containerId = (accountId: string, container: string) => `${accountId}/blobServices/default/containers/${container}`;
export const queueId = (accountId: string, queue: string) => `${accountId}/queueServices/default/queues/${queue}`;
/** Why a changed name or group makes another resource. */
export const partOfId = 'Resource Manager: part of the resource id';
/** Last name of an ARM id. */
export const nameOf = (id: string) => id.split('/').pop() ?? id;
