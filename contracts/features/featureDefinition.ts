import { z } from 'zod';

export const aggregates = ['mean', 'std', 'min', 'max', 'range', 'slope'] as const;
export type Aggregate = (typeof aggregates)[number];

/**
 * Features are data: which aggregates of which sensor over which window. One renderer makes DuckDB SQL of it for the data
 * pipeline, another makes Python for the edge package; a parity test holds both together.
 */
export const featureDefinition = z.object({
  schemaVersion: z.literal('1'),
  windowSeconds: z.number().positive(),
  strideSeconds: z.number().positive(),
  /** Windows with fewer samples than this are dropped. */
  minSamples: z.number().int().min(2),
  sensors: z
    .array(z.object({ name: z.string().min(1).max(200), aggregates: z.array(z.enum(aggregates)).min(1) }))
    .min(1)
    .max(500),
});
export type FeatureDefinition = z.output<typeof featureDefinition>;

/** Names of the feature columns in the order of the model's input vector. */
export const featureNames = (definition: FeatureDefinition): string[] =>
  definition.sensors.flatMap((sensor) => sensor.aggregates.map((aggregate) => `${sensor.name}__${aggregate}`));
