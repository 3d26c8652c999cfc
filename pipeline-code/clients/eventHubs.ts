import { EventHubConsumerClient, type CheckpointStore } from '@azure/event-hubs';
import type { TokenCredential } from '@azure/identity';

/** `host` is the namespace's host name, with a port where it is not 5671. */
interface EventHubAddress {
  readonly host: string;
  readonly eventHub: string;
  readonly consumerGroup: string;
}

/**
 * Retries stay on: without them the SDK's consumer spins. With a checkpoint store several replicas share the partitions; a
 * replica that died without a word is replaced after half a minute. Each renewal is a call for every partition, and is paid for.
 */
export function eventHubConsumer(
  { host, eventHub, consumerGroup }: EventHubAddress,
  credential: TokenCredential,
  checkpointStore?: CheckpointStore,
): EventHubConsumerClient {
  const options = {
    retryOptions: { maxRetries: 3, retryDelayInMs: 1_000, maxRetryDelayInMs: 10_000, timeoutInMs: 20_000 },
    loadBalancingOptions: { strategy: 'greedy' as const, updateIntervalInMs: 10_000, partitionOwnershipExpirationIntervalInMs: 30_000 },
  };
  return checkpointStore === undefined
    ? new EventHubConsumerClient(consumerGroup, host, eventHub, credential, options)
    : new EventHubConsumerClient(consumerGroup, host, eventHub, credential, checkpointStore, options);
}

/** The SDK nests what went wrong in aggregates with empty messages; the innermost errors, flat. */
export function innermostErrors(error: unknown): Error[] {
  if (error instanceof AggregateError) return error.errors.flatMap(innermostErrors);
  return [error instanceof Error ? error : new Error(String(error))];
}
