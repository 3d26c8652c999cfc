/**
 * The exchange of one delivery as Siemens' public reference code speaks it (package_delivery_mm.py): application properties, content
 * type and body fields of each message. Ours may stand under `attributes` only; the body of a request is not public, so any JSON will do.
 */
export const siemensExchange = {
  newDelivery: {
    contentType: 'application/json',
    properties: { type: 'event', kind: 'newDelivery', deliveryId: '<uuid>', projectId: '<uuid>' },
    body: { packageId: '<uuid>', packageVersion: '<integer>', eventId: '<uuid>', timestamp: '<utc>' },
  },
  presignedUrlRequest: { properties: { type: 'event', kind: 'presignedUrlRequest', deliveryId: '<uuid>' } },
  presignedUrlResponse: {
    contentType: 'application/json',
    properties: { type: 'data', kind: 'presignedUrlResponse', deliveryId: '<uuid>', projectId: '<uuid>' },
    body: { timestamp: '<utc>', attributes: { presignedUrl: '<url>' } },
  },
  state: { properties: { type: 'state', deliveryId: '<uuid>' } },
} as const;

const shapes: readonly (readonly [RegExp, string])[] = [
  [/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, '<uuid>'],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, '<utc>'],
  [/^[1-9]\d*$/, '<integer>'],
  [/^https:\/\/[^?]+\?.*\bsig=/, '<url>'],
];
const shapeOf = (value: unknown): unknown =>
  typeof value === 'string' ? (shapes.find(([pattern]) => pattern.test(value))?.[1] ?? value) : value;
const shaped = (record: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, shapeOf(value)]));

/** A cloud-to-device message with its values replaced by their kinds, and without what is ours under `attributes`. */
export function cloudMessage({
  contentType,
  properties,
  body,
}: {
  contentType: string | undefined;
  properties: Readonly<Record<string, string>>;
  body: Buffer;
}) {
  const { attributes, ...fields } = JSON.parse(body.toString('utf8')) as Record<string, unknown> & { attributes?: Record<string, unknown> };
  const presignedUrl = attributes?.['presignedUrl'];
  return {
    contentType,
    properties: shaped(properties),
    body: { ...shaped(fields), ...(presignedUrl === undefined ? {} : { attributes: { presignedUrl: shapeOf(presignedUrl) } }) },
  };
}
export const deviceMessage = ({ properties }: { properties: Readonly<Record<string, unknown>> }) => ({ properties: shaped(properties) });
