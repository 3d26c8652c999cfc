import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { inferenceAnswerTopic, inferenceRequestTopic, type InferenceAnswer, type InferenceRequest } from '../../contracts/databus';
import { withDeadline } from '../../contracts/program/deadline';
import type { Databus } from '../databus/databusClient';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
export type InferenceQuestion = WithoutId<InferenceRequest>;
export interface InferenceClient {
  ask(question: InferenceQuestion, timeoutSeconds: number): Promise<InferenceAnswer>;
}

const inferenceAnswer = z.object({
  id: z.string(),
  ok: z.boolean(),
  error: z.string().optional(),
  maxActivePipelines: z.number().optional(),
  pipelines: z.array(
    z.object({
      packageId: z.string(),
      packageVersion: z.string(),
      projectName: z.string(),
      sha256: z.string(),
      state: z.enum(['AVAILABLE', 'MAPPED', 'RUNNING', 'ERROR']),
      samplesIn: z.number(),
      results: z.number(),
      error: z.string().optional(),
    }),
  ),
});

/** Asks the inference server over the databus; rejects when no answer comes in time. */
export async function inferenceClient(databus: Databus): Promise<InferenceClient> {
  const waiting = new Map<string, (answer: InferenceAnswer) => void>();
  await databus.subscribeJson(inferenceAnswerTopic, inferenceAnswer, (answer) => waiting.get(answer.id)?.(answer));
  return {
    ask: async (question, timeoutSeconds) => {
      const id = randomUUID();
      try {
        const answered = withDeadline(
          new Promise<InferenceAnswer>((resolve) => waiting.set(id, resolve)),
          timeoutSeconds * 1_000,
          `expected the inference server to answer "${question.kind}" within ${timeoutSeconds} s`,
        );
        const [, answer] = await Promise.all([databus.publishJson(inferenceRequestTopic, { ...question, id }), answered]);
        return answer;
      } finally {
        waiting.delete(id);
      }
    },
  };
}
