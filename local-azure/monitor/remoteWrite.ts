import { Root, type Type } from 'protobufjs/light';
import { uncompress } from 'snappyjs';
import { z } from 'zod';

/** Limits of one request, compressed and not. */
export const maxWriteBytes = 4 * 1024 * 1024;
const maxContentBytes = 32 * 1024 * 1024;

export class BadWrite extends Error {}

const field = (id: number, type: string, rule?: 'repeated') => ({ id, type, ...(rule === undefined ? {} : { rule }) });
const root = Root.fromJSON({
  nested: {
    Label: { fields: { name: field(1, 'string'), value: field(2, 'string') } },
    Sample: { fields: { value: field(1, 'double'), timestamp: field(2, 'int64') } },
    TimeSeries: { fields: { labels: field(1, 'Label', 'repeated'), samples: field(2, 'Sample', 'repeated') } },
    WriteRequest: { fields: { timeseries: field(1, 'TimeSeries', 'repeated') } },
  },
});
const writeRequest: Type = root.lookupType('WriteRequest');

const series = z.object({
  labels: z
    .array(
      z.object({
        name: z
          .string()
          .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'a label name')
          .max(511),
        value: z.string().max(1_023),
      }),
    )
    .max(63)
    .refine(
      (labels) => labels.every((label, index) => index === 0 || (labels[index - 1]?.name ?? '') < label.name),
      'labels sorted by name, each once',
    )
    .refine(
      (labels) => labels.some(({ name, value }) => name === '__name__' && /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(value)),
      'a label __name__ with the name of a metric',
    ),
  samples: z.array(
    z.object({ value: z.number().or(z.nan()).or(z.literal(Infinity)).or(z.literal(-Infinity)), timestamp: z.number().int() }),
  ),
});
const request = z.object({ timeseries: z.array(series).max(20_000) });
export type WrittenSeries = z.output<typeof series>;

/** Series of a remote write request, protocol 1: a snappy block of protobuf. */
export function readWriteRequest(body: Buffer): WrittenSeries[] {
  let decoded: unknown;
  try {
    const content = uncompress(new Uint8Array(body), maxContentBytes);
    decoded = writeRequest.toObject(writeRequest.decode(content), { longs: Number, arrays: true, defaults: true });
  } catch (error) {
    throw new BadWrite(`expected a snappy block of a prometheus.WriteRequest: ${(error as Error).message}`);
  }
  const result = request.safeParse(decoded);
  if (result.success) return result.data.timeseries;
  const [issue] = result.error.issues;
  throw new BadWrite(`${issue?.path.join('.') ?? ''}: expected ${issue?.message ?? 'a write request'}`);
}
