import { isTerminal, type StateBody } from '../../contracts/aimmMessages';
import { type DeliveryRecord } from '../../contracts/deliveryRecord';

/** What can happen to a delivery. Times are the shell's; the decision itself reads no clock. */
export type ExchangeEvent =
  | { readonly kind: 'opened' }
  /** The application started, or a step's time may be over. */
  | { readonly kind: 'due' }
  | { readonly kind: 'urlRequested' }
  | { readonly kind: 'urlSent' }
  | { readonly kind: 'reported'; readonly body: StateBody };

export type ExchangeAction = 'announce' | 'sendUrl';
export interface ExchangeDecision {
  readonly record: DeliveryRecord;
  readonly actions: readonly ExchangeAction[];
}
export interface Deadlines {
  readonly stepMs: number;
  readonly deliveryMs: number;
}

/** Probes into silence before only the deadline of the whole delivery counts. */
export const maximumProbes = 5;
const maximumHistory = 1_000;
const ended = new Set<DeliveryRecord['state']>(['Rejected', 'Success', 'Error', 'TimedOut']);
export const isOpen = (record: DeliveryRecord) => !ended.has(record.state) && record.state !== 'AwaitingApproval';

/** How often in a row nothing came back: whatever the AIMM sends ends the silence. */
function probes(record: DeliveryRecord): number {
  const heard = record.history.findLastIndex(({ event }) => event !== 'due');
  return record.history.length - 1 - heard;
}

/** When this delivery needs a look, in epoch milliseconds. Each probe waits twice as long as the one before. */
export function nextDueMs(record: DeliveryRecord, { stepMs, deliveryMs }: Deadlines): number {
  const end = Date.parse(record.openedAt) + deliveryMs;
  const probed = probes(record);
  return probed >= maximumProbes
    ? end
    : Math.min(end, Date.parse(record.updatedAt) + (record.state === 'Opened' ? 0 : stepMs * 2 ** probed));
}

const same = (record: DeliveryRecord): ExchangeDecision => ({ record, actions: [] });

/**
 * The exchange of one delivery, steps 8a to 8d: what the record becomes and what has to be sent. The record is stored before
 * anything is sent, so an application that dies in between sends again; the AIMM knows a delivery by its id and never imports it twice.
 */
export function decideExchange(record: DeliveryRecord, event: ExchangeEvent, now: Date, deadlines: Deadlines): ExchangeDecision {
  if (!isOpen(record)) return lateReport(record, event, now);
  const at = now.toISOString();
  const moved = (state: DeliveryRecord['state'], detail: string | undefined, change: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
    ...record,
    ...change,
    state,
    updatedAt: at,
    history: [...record.history, { at, event: event.kind, ...(detail === undefined ? {} : { detail }) }].slice(-maximumHistory),
  });
  const announced = (): ExchangeDecision => ({
    record: moved(record.state === 'Opened' ? 'NewDelivery' : record.state, `announcement ${record.announcements + 1}`, {
      announcements: record.announcements + 1,
    }),
    actions: ['announce'],
  });

  switch (event.kind) {
    case 'opened':
      return record.state === 'Opened' ? announced() : same(record);
    case 'due':
      if (now.getTime() >= Date.parse(record.openedAt) + deadlines.deliveryMs)
        return { record: moved('TimedOut', `no end after ${deadlines.deliveryMs / 1_000} s`), actions: [] };
      // Its message is still in the queue, or was lost with a replica; announcing it is the same step either way.
      if (record.state === 'Opened') return decideExchange(record, { kind: 'opened' }, now, deadlines);
      if (now.getTime() < nextDueMs(record, deadlines)) return same(record);
      // An announced delivery answers with its last state, so a lost answer comes again; a link that was not sent is owed.
      return record.state === 'PresignedUrlRequested' ? { record: moved(record.state, 'link again'), actions: ['sendUrl'] } : announced();
    case 'urlRequested':
      return { record: moved('PresignedUrlRequested', undefined), actions: ['sendUrl'] };
    case 'urlSent':
      return record.state === 'PresignedUrlRequested' ? { record: moved('PresignedUrlCreated', undefined), actions: [] } : same(record);
    case 'reported': {
      const { state, reason } = event.body;
      const detail = reason === undefined ? state : `${state}: ${reason}`;
      return {
        record: moved(isTerminal(state) ? state : record.state === 'Opened' ? 'NewDelivery' : record.state, detail, {
          reportedState: state,
        }),
        actions: [],
      };
    }
  }
}

/** A delivery that has ended stays as it ended; after a time-out it is still worth knowing what became of it. */
function lateReport(record: DeliveryRecord, event: ExchangeEvent, now: Date): ExchangeDecision {
  if (record.state !== 'TimedOut' || event.kind !== 'reported' || record.reportedState === event.body.state) return same(record);
  const at = now.toISOString();
  return {
    record: {
      ...record,
      reportedState: event.body.state,
      updatedAt: at,
      history: [...record.history, { at, event: 'reported', detail: `late: ${event.body.state}` }].slice(-maximumHistory),
    },
    actions: [],
  };
}
