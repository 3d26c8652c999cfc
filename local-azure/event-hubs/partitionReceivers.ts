import type { Sender } from 'rhea';
import type { AmqpError } from '../amqp/amqpService';
import { eventMessage } from './eventMessage';
import type { EventPosition } from './eventPosition';
import type { PartitionLog } from './partitionLog';

/** A link that reads one partition for one consumer group. */
interface ActiveReceiver {
  readonly link: Sender;
  readonly epoch: number | undefined;
  stop(): void;
}

const maxSharedReceivers = 5;
const stolen = (description: string): AmqpError => ({ condition: 'amqp:link:stolen', description });

/**
 * Who reads which partition for which consumer group. An exclusive receiver (with an epoch) drives out shared ones and those
 * with a lower or the same epoch; beside a higher one nobody gets in.
 */
export class PartitionReceivers {
  private readonly active = new Map<string, Set<ActiveReceiver>>();

  /** `partition` names hub, group and partition. */
  open(partition: string, link: Sender, log: PartitionLog, position: EventPosition, epoch: number | undefined): AmqpError | undefined {
    const others = this.active.get(partition) ?? new Set<ActiveReceiver>();
    this.active.set(partition, others);
    const holder = [...others].find((receiver) => receiver.epoch !== undefined);
    if (holder?.epoch !== undefined && (epoch === undefined || epoch < holder.epoch))
      return stolen(`a receiver with the higher epoch ${holder.epoch} reads ${partition}; this one has ${epoch ?? 'none'}`);
    if (epoch === undefined && others.size >= maxSharedReceivers)
      return {
        condition: 'amqp:resource-limit-exceeded',
        description: `${partition} has ${maxSharedReceivers} receivers, the most that a consumer group may have per partition`,
      };
    if (epoch !== undefined) {
      for (const other of [...others]) {
        other.stop();
        other.link.close(stolen(`a new receiver with epoch ${epoch} took over ${partition}`));
      }
    }

    let next = log.sequenceNumberAt(position);
    const pump = () => {
      while (link.is_open() && link.sendable()) {
        next = Math.max(next, log.beginSequenceNumber);
        const event = log.read(next);
        if (!event) return;
        link.send(eventMessage(event));
        next++;
      }
    };
    const unwatch = log.watch(pump);
    const receiver: ActiveReceiver = {
      link,
      epoch,
      stop: () => {
        unwatch();
        others.delete(receiver);
      },
    };
    others.add(receiver);
    link.on('sendable', pump);
    link.on('sender_close', () => receiver.stop());
    return undefined;
  }

  closed(link: Sender): void {
    for (const receivers of this.active.values()) {
      for (const receiver of [...receivers]) if (receiver.link === link) receiver.stop();
    }
  }

  /** Ends the receivers of a hub or group that was deleted. */
  evict(prefix: string): void {
    for (const [partition, receivers] of this.active) {
      if (!partition.startsWith(prefix)) continue;
      for (const receiver of [...receivers]) {
        receiver.stop();
        receiver.link.close({ condition: 'amqp:not-found', description: `${prefix} was deleted` });
      }
    }
  }
}
