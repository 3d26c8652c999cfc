import { z } from 'zod';

/** What a stack exports: all that a reader needs to follow the loop. No output is a secret. */
export const stackOutputs = z.object({
  factory: z.string(),
  dataset: z.string(),
  subscriptionId: z.string(),
  resourceGroup: z.string(),
  resourceManagerEndpoint: z.url(),
  resourceManagerAudience: z.url(),
  dataBlobEndpoint: z.url(),
  dataQueueEndpoint: z.url(),
  edgeBlobEndpoint: z.url(),
  mlBlobEndpoint: z.url(),
  rawContainer: z.string(),
  processedContainer: z.string(),
  quarantineContainer: z.string(),
  deliveriesContainer: z.string(),
  packagedModelsContainer: z.string(),
  landingZoneContainer: z.string(),
  modelsContainer: z.string(),
  /** Queue of `tag-and-deliver`, which receives what a person decided about a delivery. */
  releaseQueue: z.string(),
  mlWorkspace: z.string(),
  modelName: z.string(),
  registryLoginServer: z.string(),
  modelRepository: z.string(),
  packageRepository: z.string(),
  eventHubsHost: z.string(),
  eventHubName: z.string(),
  evidenceConsumerGroup: z.string(),
  iotHubHost: z.string(),
  deviceId: z.string(),
  /** Names of the Container Apps jobs, by program. */
  jobs: z.record(z.string(), z.string()),
  /** Application Insights and the Azure Monitor workspace: what is asked, and where. */
  applicationInsightsId: z.string(),
  logsQueryEndpoint: z.url(),
  metricsQueryEndpoint: z.url(),
  databusPort: z.number().int(),
});
export type StackOutputs = z.output<typeof stackOutputs>;
