import { nextAttemptMs } from '../../../../local-azure/event-grid/delivery';
import { eventFilter, filterMatches } from '../../../../local-azure/event-grid/eventFilter';
import { readSubscription } from '../../../../local-azure/event-grid/eventSubscriptionType';

const event = {
  id: '1',
  topic: '/t',
  subject: '/blobServices/default/containers/raw/blobs/A.csv',
  eventType: 'Microsoft.Storage.BlobCreated',
  eventTime: '2026-01-01T00:00:00Z',
  dataVersion: '',
  data: { api: 'PutBlob', contentLength: 10, nested: { ok: true }, list: ['a', 'b'] },
};
const matches = (filter: Record<string, unknown>) => filterMatches(eventFilter.parse(filter), event);

it.each([
  [{}, true],
  [{ includedEventTypes: ['Microsoft.Storage.BlobDeleted'] }, false],
  [{ includedEventTypes: ['microsoft.storage.blobcreated'] }, true],
  [{ subjectBeginsWith: '/blobServices/default/containers/raw/' }, true],
  [{ subjectBeginsWith: '/blobServices/default/containers/ra/' }, false],
  [{ subjectEndsWith: '.CSV' }, true],
  [{ subjectEndsWith: '.CSV', isSubjectCaseSensitive: true }, false],
  [{ advancedFilters: [{ operatorType: 'StringIn', key: 'data.api', values: ['copyblob', 'putblob'] }] }, true],
  [{ advancedFilters: [{ operatorType: 'StringNotIn', key: 'data.api', values: ['PutBlob'] }] }, false],
  [{ advancedFilters: [{ operatorType: 'StringNotIn', key: 'data.absent', values: ['x'] }] }, true],
  [
    {
      advancedFilters: [
        { operatorType: 'StringEndsWith', key: 'Subject', values: ['.csv'] },
        { operatorType: 'NumberIn', key: 'data.contentLength', values: [9] },
      ],
    },
    false,
  ],
  [{ advancedFilters: [{ operatorType: 'NumberInRange', key: 'data.contentLength', values: [[1, 10]] }] }, true],
  [{ advancedFilters: [{ operatorType: 'NumberLessThan', key: 'data.contentLength', value: 10 }] }, false],
  [{ advancedFilters: [{ operatorType: 'BoolEquals', key: 'data.nested.ok', value: true }] }, true],
  [
    {
      advancedFilters: [
        { operatorType: 'IsNotNull', key: 'data.api' },
        { operatorType: 'IsNullOrUndefined', key: 'data.none' },
      ],
    },
    true,
  ],
  [{ advancedFilters: [{ operatorType: 'StringContains', key: 'data.list', values: ['b'] }] }, false],
  [{ advancedFilters: [{ operatorType: 'StringContains', key: 'data.list', values: ['b'] }], enableAdvancedFilteringOnArrays: true }, true],
])('the filter %j decides %s', (filter, expected) => {
  expect(matches(filter)).toBe(expected);
});

const subscription = (over: Record<string, unknown>) =>
  readSubscription({
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' },
      destination: { endpointType: 'StorageQueue', resourceId: '/a', queueName: 'q' },
    },
    ...over,
  });

it('refuses an operator, a schema and a retry policy that Event Grid does not have', () => {
  expect(subscription({})).toMatchObject({ properties: { maxDeliveryAttempts: 30, timeToLiveMinutes: 1_440 } });
  expect(subscription({ filter: { advancedFilters: [{ operatorType: 'StringLike', key: 'data.api', values: ['x'] }] } })).toHaveProperty(
    'failures',
  );
  expect(subscription({ eventDeliverySchema: 'CloudEventSchemaV1_0' })).toHaveProperty('failures');
  expect(subscription({ retryPolicy: { maxDeliveryAttempts: 31 } })).toHaveProperty('failures');
});

it('backs off as Event Grid does, up to a ceiling, with at most a tenth of jitter', () => {
  expect([1, 2, 3, 10, 29].map((attempts) => nextAttemptMs(attempts, 1, 0))).toEqual([10_000, 30_000, 60_000, 43_200_000, 43_200_000]);
  expect(nextAttemptMs(1, 1, 1)).toBe(11_000);
});
