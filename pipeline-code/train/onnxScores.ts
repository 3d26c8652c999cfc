import { InferenceSession, Tensor } from 'onnxruntime-node';

interface Scored {
  readonly score: number;
  readonly alarm: boolean;
}
const batchSize = 4_096;

/** Scores windows with a model of this project, many at a time, and refuses a model whose inputs or outputs are not the agreed ones. */
export async function scoreWindows(onnx: Buffer, windows: readonly (readonly number[])[]): Promise<Scored[]> {
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'all' });
  if (!session.inputNames.includes('features') || !session.outputNames.includes('score') || !session.outputNames.includes('alarm')) {
    throw new Error(
      `expected a model with input features and outputs score and alarm, got inputs ${session.inputNames.join(', ')} and outputs ${session.outputNames.join(', ')}`,
    );
  }
  const scored: Scored[] = [];
  for (let from = 0; from < windows.length; from += batchSize) {
    const batch = windows.slice(from, from + batchSize);
    const width = batch[0]?.length ?? 0;
    const answer = await session.run({ features: new Tensor('float32', Float32Array.from(batch.flat()), [batch.length, width]) });
    const scores = answer.score?.data;
    const alarms = answer.alarm?.data;
    if (scores?.length !== batch.length || alarms?.length !== batch.length)
      throw new Error(`expected ${batch.length} scores and alarms, got ${scores?.length ?? 0} and ${alarms?.length ?? 0}`);
    batch.forEach((_, index) => scored.push({ score: Number(scores[index]), alarm: Boolean(alarms[index]) }));
  }
  await session.release();
  return scored;
}
