import { z } from 'zod';
import type { EventGridEvent } from '../../contracts/eventGrid';

const key = z.string().min(1).max(200);
const strings = z.array(z.string().max(512)).min(1).max(25);
const numbers = z.array(z.number()).min(1).max(25);
const ranges = z
  .array(z.tuple([z.number(), z.number()]))
  .min(1)
  .max(25);
const ofType = <const T extends readonly [string, ...string[]], S extends z.ZodRawShape>(operators: T, shape: S) =>
  z.object({ operatorType: z.enum(operators), key, ...shape });

/** Every operator of Event Grid; one that is not listed is refused when the subscription is made. */
const advancedFilter = z.union([
  ofType(
    [
      'StringIn',
      'StringNotIn',
      'StringBeginsWith',
      'StringNotBeginsWith',
      'StringEndsWith',
      'StringNotEndsWith',
      'StringContains',
      'StringNotContains',
    ],
    { values: strings },
  ),
  ofType(['NumberIn', 'NumberNotIn'], { values: numbers }),
  ofType(['NumberInRange', 'NumberNotInRange'], { values: ranges }),
  ofType(['NumberLessThan', 'NumberGreaterThan', 'NumberLessThanOrEquals', 'NumberGreaterThanOrEquals'], { value: z.number() }),
  ofType(['BoolEquals'], { value: z.boolean() }),
  ofType(['IsNullOrUndefined', 'IsNotNull'], {}),
]);
export const eventFilter = z.object({
  subjectBeginsWith: z.string().max(1_024).default(''),
  subjectEndsWith: z.string().max(1_024).default(''),
  isSubjectCaseSensitive: z.boolean().default(false),
  /** Null or absent stands for every type. */
  includedEventTypes: z.array(z.string().min(1)).nullish(),
  advancedFilters: z.array(advancedFilter).max(25).nullish(),
  enableAdvancedFilteringOnArrays: z.boolean().optional(),
});
type AdvancedFilter = z.output<typeof advancedFilter>;
export type EventFilter = z.output<typeof eventFilter>;

/** `data.a.b`, or a property of the envelope, without regard to case there. */
function valueAt(event: EventGridEvent, path: string): unknown {
  const [first = '', ...others] = path.split('.');
  const envelope = Object.entries(event).find(([name]) => name.toLowerCase() === first.toLowerCase())?.[1];
  return others.reduce<unknown>(
    (value, name) => (value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined),
    envelope,
  );
}

function stringMatches(operator: string, value: string, wanted: string): boolean {
  const [text, part] = [value.toLowerCase(), wanted.toLowerCase()];
  if (operator.endsWith('BeginsWith')) return text.startsWith(part);
  if (operator.endsWith('EndsWith')) return text.endsWith(part);
  return operator.endsWith('Contains') ? text.includes(part) : text === part;
}

function numberMatches(operator: string, value: number, limit: number): boolean {
  if (operator === 'NumberLessThan') return value < limit;
  if (operator === 'NumberLessThanOrEquals') return value <= limit;
  return operator === 'NumberGreaterThan' ? value > limit : value >= limit;
}

/** The positive reading of an operator on one value; a value of another type does not match. */
function matchesOne(filter: AdvancedFilter, value: unknown): boolean {
  switch (filter.operatorType) {
    case 'IsNullOrUndefined':
    case 'IsNotNull':
      return value === undefined || value === null;
    case 'BoolEquals':
      return value === filter.value;
    case 'NumberIn':
    case 'NumberNotIn':
      return typeof value === 'number' && filter.values.includes(value);
    case 'NumberInRange':
    case 'NumberNotInRange':
      return typeof value === 'number' && filter.values.some(([from, to]) => value >= from && value <= to);
    case 'NumberLessThan':
    case 'NumberGreaterThan':
    case 'NumberLessThanOrEquals':
    case 'NumberGreaterThanOrEquals':
      return typeof value === 'number' && numberMatches(filter.operatorType, value, filter.value);
    default:
      return typeof value === 'string' && filter.values.some((wanted) => stringMatches(filter.operatorType, value, wanted));
  }
}

function passes(filter: AdvancedFilter, event: EventGridEvent, onArrays: boolean): boolean {
  const value = valueAt(event, filter.key);
  const matches = onArrays && Array.isArray(value) ? value.some((element) => matchesOne(filter, element)) : matchesOne(filter, value);
  return filter.operatorType.includes('Not') ? !matches : matches;
}

/** All conditions hold: types, both ends of the subject, every advanced filter. */
export function filterMatches(filter: EventFilter, event: EventGridEvent): boolean {
  const cased = (text: string) => (filter.isSubjectCaseSensitive ? text : text.toLowerCase());
  const subject = cased(event.subject);
  return (
    (!filter.includedEventTypes || filter.includedEventTypes.some((type) => type.toLowerCase() === event.eventType.toLowerCase())) &&
    subject.startsWith(cased(filter.subjectBeginsWith)) &&
    subject.endsWith(cased(filter.subjectEndsWith)) &&
    (filter.advancedFilters ?? []).every((advanced) => passes(advanced, event, filter.enableAdvancedFilteringOnArrays === true))
  );
}
