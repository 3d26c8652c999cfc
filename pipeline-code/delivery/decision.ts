import { type DeliveryRecord } from '../../contracts/deliveryRecord';

/** What a person says of a delivery that waits. */
export interface Verdict {
  readonly approved: boolean;
  /** Who says it, as their sign-in names them. */
  readonly by: string;
  readonly reason?: string;
}

/** The delivery is past the point at which this can be decided. */
export class DecidedAlready extends Error {
  override readonly name = 'DecidedAlready';
}

/**
 * The record after a person's verdict. Approving again what is approved, or rejecting again what is rejected, changes nothing, so
 * that a command that was killed after it wrote the record can be repeated. Throws DecidedAlready for the contrary of what was decided,
 * and where nobody had to decide.
 */
export function decideRelease(record: DeliveryRecord, { approved, by, reason }: Verdict, now: Date): DeliveryRecord {
  const { deliveryId, state, decision } = record;
  if (state !== 'AwaitingApproval') {
    if (decision?.approved === approved) return record;
    const why =
      decision === undefined
        ? 'nobody had to approve it'
        : `${decision.by} ${decision.approved ? 'approved' : 'rejected'} it at ${decision.at}`;
    throw new DecidedAlready(
      `delivery ${deliveryId} is ${state}: ${why}.${decision?.approved === false ? ' The next model version is another delivery.' : ''}`,
    );
  }
  const at = now.toISOString();
  const said = reason === undefined ? `by ${by}` : `by ${by}: ${reason}`;
  return {
    ...record,
    state: approved ? 'Opened' : 'Rejected',
    updatedAt: at,
    decision: { by, at, approved, ...(reason === undefined ? {} : { reason }) },
    // The device's time begins now, not when the package was made.
    ...(approved ? { openedAt: at } : {}),
    history: [...record.history, { at, event: approved ? 'approved' : 'rejected', detail: said }],
  };
}
