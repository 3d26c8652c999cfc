import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';

/** Where telemetry goes and where it is asked; plain values, none a secret. */
export interface TelemetryTargets {
  readonly instrumentationKey: pulumi.Output<string>;
  /** Hosts that a sender with a token writes to. */
  readonly ingestionHost: pulumi.Output<string>;
  readonly remoteWriteHost: pulumi.Output<string>;
  readonly remoteWritePath: pulumi.Output<string>;
  /** ARM ids of the data collection rule and of the workspace behind it. */
  readonly metricsRuleId: pulumi.Output<string>;
  readonly metricsWorkspaceId: pulumi.Output<string>;
  readonly metricsQueryEndpoint: pulumi.Output<string>;
}

/** What a factory needs of its platform. Plain values, so that the platform may also be another stack's. */
export interface PlatformLinks {
  readonly resourceGroup: { readonly name: pulumi.Output<string>; readonly id: pulumi.Output<string> };
  readonly logAnalyticsId: pulumi.Output<string>;
  readonly applicationInsightsId: pulumi.Output<string>;
  readonly telemetry: TelemetryTargets;
  readonly registry: { readonly id: pulumi.Output<string>; readonly loginServer: pulumi.Output<string> };
  readonly workspace: {
    readonly id: pulumi.Output<string>;
    readonly name: pulumi.Output<string>;
    readonly modelsDatastore: pulumi.Output<string>;
  };
  readonly models: {
    readonly accountId: pulumi.Output<string>;
    readonly blobEndpoint: pulumi.Output<string>;
    readonly containerId: pulumi.Output<string>;
    readonly containerName: pulumi.Output<string>;
  };
  readonly trainingCluster: {
    readonly id: pulumi.Output<string>;
    readonly principalId: pulumi.Output<string>;
    readonly clientId: pulumi.Output<string>;
  };
  readonly workspaceEvents: { readonly topicName: pulumi.Output<string>; readonly principalId: pulumi.Output<string> };
}

/** What a component hands out, once it is known. */
type Plain<T> = { readonly [K in keyof T]: T[K] extends pulumi.Output<infer V> ? V : Plain<T[K]> };

const text = z.string().min(1);
const schema = z.object({
  resourceGroup: z.object({ name: text, id: text }),
  logAnalyticsId: text,
  applicationInsightsId: text,
  telemetry: z.object({
    instrumentationKey: text,
    ingestionHost: text,
    remoteWriteHost: text,
    remoteWritePath: text,
    metricsRuleId: text,
    metricsWorkspaceId: text,
    metricsQueryEndpoint: text,
  }),
  registry: z.object({ id: text, loginServer: text }),
  workspace: z.object({ id: text, name: text, modelsDatastore: text }),
  models: z.object({ accountId: text, blobEndpoint: text, containerId: text, containerName: text }),
  trainingCluster: z.object({ id: text, principalId: text, clientId: text }),
  workspaceEvents: z.object({ topicName: text, principalId: text }),
}) satisfies z.ZodType<Plain<PlatformLinks>>;

/** The one output of a platform that is a stack of its own. No part of it is a secret. */
export function platformExports(platform: PlatformLinks): { readonly platform: PlatformLinks } {
  const { resourceGroup, logAnalyticsId, applicationInsightsId, telemetry, registry, workspace, models, trainingCluster, workspaceEvents } =
    platform;
  return {
    platform: {
      resourceGroup,
      logAnalyticsId,
      applicationInsightsId,
      telemetry,
      registry,
      workspace,
      models,
      trainingCluster,
      workspaceEvents,
    },
  };
}

/** Reads what a platform's stack exports. Throws with what is missing and what to do. */
export function parsePlatform(stack: string, exported: unknown): Plain<PlatformLinks> {
  if (exported === undefined || exported === null)
    throw new pulumi.RunError(
      `platformStack is ${stack}: it exports no platform; deploy it first, with factory-loop:parts set to platform.`,
    );
  const found = schema.safeParse(exported);
  if (found.success) return found.data;
  throw new pulumi.RunError(
    `platformStack is ${stack}: its output "platform" has no usable ${found.error.issues.map((issue) => issue.path.join('.')).join(', ')}; deploy it with this version of the program.`,
  );
}

/** The platform that another stack has deployed. */
export const referencedPlatform = (stack: string): PlatformLinks =>
  new pulumi.StackReference(stack).getOutput('platform').apply((exported) => parsePlatform(stack, exported));
