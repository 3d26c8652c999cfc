/** Where a receiver starts, as its selector filter says it. */
export type EventPosition =
  | { readonly kind: 'offset' | 'sequenceNumber'; readonly value: number; readonly inclusive: boolean }
  | { readonly kind: 'enqueuedTime'; readonly afterMs: number }
  | { readonly kind: 'latest' };

const selector = /^amqp\.annotation\.(x-opt-offset|x-opt-sequence-number|x-opt-enqueued-time)\s*(>=|>)\s*'([^']*)'$/;

/** Parses the filter that Event Hubs clients write, e.g. `amqp.annotation.x-opt-offset > '-1'`. */
export function parseEventPosition(filter: string): EventPosition | undefined {
  const match = selector.exec(filter.trim());
  if (!match) return undefined;
  const [, annotation, comparison, text] = match;
  if (text === '@latest') return { kind: 'latest' };
  const value = Number(text);
  if (text === '' || !Number.isSafeInteger(value)) return undefined;
  if (annotation === 'x-opt-enqueued-time') return { kind: 'enqueuedTime', afterMs: value };
  return { kind: annotation === 'x-opt-offset' ? 'offset' : 'sequenceNumber', value, inclusive: comparison === '>=' };
}
