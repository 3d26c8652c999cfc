import { inferenceResult, lineDataTopic, resultDataPoint, simaticData, type SimaticData } from '../../contracts/databus';
import { inferenceRecord, type InferenceRecord } from '../../contracts/landingZone';
import { nameBasedUuid } from '../../contracts/nameBasedUuid';

interface RecordOrigin {
  readonly factory: string;
  readonly device: string;
}
const badQuality = 0;

const valueOf = ({ qc, val }: SimaticData['vals'][number]): number | null | undefined => {
  if (typeof val === 'string') return undefined;
  return qc === badQuality ? null : Number(val);
};

function resultOf(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What a message of the databus is as records for the landing zone: a sample of the line, or results of a pipeline. The id comes from the
 * message itself, whose sequence number is never used twice, so a message that the databus sends again makes the same record.
 * Undefined when the message is none that this site publishes.
 */
export function recordsOf(topic: string, payload: Buffer, { factory, device }: RecordOrigin): InferenceRecord[] | undefined {
  let data: SimaticData;
  try {
    data = simaticData.parse(JSON.parse(payload.toString('utf8')));
  } catch {
    return undefined;
  }
  const id = (part: string) => nameBasedUuid('inference record', factory, device, topic, part, payload.toString('utf8'));
  const origin = { schemaVersion: '1', factory, device } as const;
  if (topic === lineDataTopic) {
    const values = data.vals.flatMap((point) => {
      const value = valueOf(point);
      return value === undefined ? [] : [[point.id, value] as const];
    });
    const [first] = data.vals;
    if (first === undefined || values.length === 0) return undefined;
    return [
      {
        ...origin,
        kind: 'sample',
        recordId: id('sample'),
        ts: first.ts,
        qc: Math.min(...data.vals.map(({ qc }) => qc)),
        input: Object.fromEntries(values),
      },
    ];
  }
  const pipeline = topic.split('/').at(-2) ?? '';
  const results = data.vals
    .filter((point) => point.id === resultDataPoint)
    .flatMap(({ ts, val }, index): InferenceRecord[] => {
      const result = inferenceResult.safeParse(resultOf(val));
      const record = inferenceRecord.safeParse({
        ...origin,
        kind: 'result',
        recordId: id(`result ${index}`),
        ts,
        pipeline,
        result: result.data,
      });
      return record.success ? [record.data] : [];
    });
  return results.length === 0 ? undefined : results;
}
