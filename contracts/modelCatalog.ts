import { z } from 'zod';
import { featureDefinition } from './features/featureDefinition';

/** Tags of a model version in the catalog. Azure ML tags are strings. `stage` moves candidate -> validated | rejected -> released. */
const modelStages = ['candidate', 'validated', 'rejected', 'released'] as const;
export const modelTags = z.looseObject({
  stage: z.enum(modelStages),
  dataVersion: z.string(),
  dataset: z.string(),
  trainingJob: z.string(),
  sourceCommit: z.string(),
  rejectedBecause: z.string().optional(),
  gateFigures: z.string().optional(),
  validatedAt: z.string().optional(),
  packageId: z.string().optional(),
  packageVersion: z.string().optional(),
  packageName: z.string().optional(),
  packageSha256: z.string().optional(),
  pipelineVersion: z.string().optional(),
  taggedAt: z.string().optional(),
  modelDigest: z.string().optional(),
  packageDigest: z.string().optional(),
});
export type ModelTags = z.output<typeof modelTags>;

/** Files of a model, below its folder in the models container. */
export const modelFiles = { onnx: 'model.onnx', signature: 'signature.json' } as const;

/** `signature.json`: what the ONNX graph takes and gives, and where it came from. */
export const modelSignature = z.object({
  schemaVersion: z.literal('1'),
  model: z.string(),
  dataVersion: z.string(),
  manifestPath: z.string(),
  features: featureDefinition,
  /** Input `features` is float32 [1, n]; outputs `score` float32 [1] and `alarm` bool [1]. Scaling and threshold are in the graph. */
  input: z.object({ name: z.literal('features'), size: z.number().int().positive() }),
  threshold: z.number(),
  onnxSha256: z.string(),
  trainedOn: z.object({ windows: z.number(), calibrationWindows: z.number() }),
  metrics: z.record(z.string(), z.number()),
});
export type ModelSignature = z.output<typeof modelSignature>;

/** `modelUri` of a version: the long form that Azure ML uses for a path in a datastore. */
export const modelUri = (location: { subscriptionId: string; resourceGroup: string; workspace: string; datastore: string; path: string }) =>
  `azureml://subscriptions/${location.subscriptionId}/resourcegroups/${location.resourceGroup}/workspaces/${location.workspace}/datastores/${location.datastore}/paths/${location.path}`;
export const parseModelUri = (uri: string): { datastore: string; path: string } => {
  const match = /^azureml:\/\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/workspaces\/[^/]+\/datastores\/([^/]+)\/paths\/(.+)$/i.exec(uri);
  if (!match?.[1] || !match[2] || match[2].split('/').includes('..'))
    throw new Error(`expected an azureml://…/datastores/<name>/paths/<path> URI, got "${uri}"`);
  return { datastore: match[1], path: match[2] };
};
