import { z } from 'zod';

/** The part of a Container Apps declaration that the region acts on, in the shape of the azure-native inputs. */
const name = z
  .string()
  .regex(/^(?!.*--)[a-z][a-z0-9-]{0,30}[a-z0-9]$/, 'expected 2 to 32 lowercase letters, digits and single hyphens, starting with a letter');
const environmentVariable = z
  .object({ name: z.string().min(1), value: z.string().optional(), secretRef: z.string().optional() })
  .refine((variable) => (variable.value === undefined) !== (variable.secretRef === undefined), {
    error: 'expected either value or secretRef',
  });
const container = z.object({
  name: z.string().min(1).max(63),
  image: z.string().min(1),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z.array(environmentVariable).default([]),
  resources: z
    .object({ cpu: z.number().positive(), memory: z.string().regex(/^\d+(\.\d+)?Gi$/, 'expected an amount in Gi, such as 0.5Gi') })
    .optional(),
  volumeMounts: z
    .array(
      z.object({
        mountPath: z.string().regex(/^\/./, 'expected an absolute path'),
        volumeName: z.string(),
        subPath: z.string().optional(),
      }),
    )
    .default([]),
});
const volume = z.object({
  name: z.string(),
  storageType: z.enum(['EmptyDir', 'Secret']).default('EmptyDir'),
  secrets: z
    .array(
      z.object({
        secretRef: z.string(),
        path: z
          .string()
          .regex(/^[\w.-]+$/, 'expected a file name')
          .optional(),
      }),
    )
    .optional(),
});
const secret = z
  .object({ name: z.string(), value: z.string().optional(), keyVaultUrl: z.string().optional(), identity: z.string().optional() })
  .refine((secret) => (secret.value === undefined) !== (secret.keyVaultUrl === undefined), {
    error: 'expected either value or keyVaultUrl',
  })
  .refine((secret) => secret.keyVaultUrl === undefined || secret.identity !== undefined, {
    error: 'keyVaultUrl needs the identity that reads it',
  });
const registry = z.object({
  server: z.string().min(1),
  identity: z.string().min(1, 'expected the id of a managed identity; registry passwords are not used here'),
});
const identitySettings = z.array(z.object({ identity: z.string(), lifecycle: z.enum(['All', 'Init', 'Main', 'None']) })).default([]);
const identity = z
  .object({
    type: z.string(),
    userAssignedIdentities: z
      .union([z.array(z.string()), z.record(z.string(), z.unknown()).transform((map) => Object.keys(map))])
      .default([]),
  })
  .optional();
const wholeNumber = (minimum: number, maximum: number) => z.number().int().min(minimum).max(maximum);
const common = { resourceGroupName: z.string().min(1), location: z.string().optional(), identity };
const template = {
  containers: z.array(container).min(1),
  initContainers: z.array(container).default([]),
  volumes: z.array(volume).default([]),
};

const queueRule = z.object({
  name: z.string(),
  type: z.literal('azure-queue', { error: 'expected azure-queue, the only scaler of this region' }),
  metadata: z.object({
    accountName: z.string().min(1),
    queueName: z.string().min(1),
    queueLength: z.coerce.number().int().min(1).default(5),
    queueLengthStrategy: z.enum(['all', 'visibleonly']).default('all'),
  }),
  identity: z.string({ error: 'expected the identity that reads the queue length' }).min(1),
});
const eventTriggerConfig = z.object({
  parallelism: wholeNumber(1, 300).default(1),
  replicaCompletionCount: wholeNumber(1, 300).default(1),
  scale: z.object({
    pollingInterval: wholeNumber(1, 86_400).default(30),
    minExecutions: wholeNumber(0, 300).default(0),
    maxExecutions: wholeNumber(1, 300).default(100),
    rules: z.array(queueRule).min(1),
  }),
});

export const jobDeclaration = z.object({
  ...common,
  jobName: name,
  environmentId: z.string().min(1),
  configuration: z
    .object({
      triggerType: z.enum(['Event', 'Manual']),
      replicaTimeout: wholeNumber(1, 604_800),
      replicaRetryLimit: wholeNumber(0, 10).default(0),
      eventTriggerConfig: eventTriggerConfig.optional(),
      secrets: z.array(secret).default([]),
      registries: z.array(registry).default([]),
      identitySettings,
    })
    .refine((configuration) => configuration.triggerType !== 'Event' || configuration.eventTriggerConfig !== undefined, {
      error: 'triggerType Event needs eventTriggerConfig',
    }),
  template: z.object(template),
});
export const appDeclaration = z
  .object({
    ...common,
    containerAppName: name,
    environmentId: z.string().optional(),
    managedEnvironmentId: z.string().optional(),
    configuration: z
      .object({ secrets: z.array(secret).default([]), registries: z.array(registry).default([]), identitySettings })
      .prefault({}),
    template: z.object({
      ...template,
      scale: z.object({ minReplicas: wholeNumber(0, 1_000).default(0), maxReplicas: wholeNumber(1, 1_000).default(10) }).prefault({}),
      terminationGracePeriodSeconds: wholeNumber(0, 600).default(30),
    }),
  })
  .refine((app) => (app.environmentId ?? app.managedEnvironmentId) !== undefined, { error: 'environmentId is missing' });

export type JobDeclaration = z.output<typeof jobDeclaration>;
export type AppDeclaration = z.output<typeof appDeclaration>;
export type ContainerDeclaration = z.output<typeof container>;
/** What a replica needs to know of the resource it belongs to. */
export type Workload = Pick<JobDeclaration, 'identity'> & {
  readonly configuration: Pick<JobDeclaration['configuration'], 'secrets' | 'registries' | 'identitySettings'>;
  readonly template: Pick<JobDeclaration['template'], 'containers' | 'initContainers' | 'volumes'>;
};

/** Rules over the whole declaration: what Azure refuses although every single field is right. */
export function declarationFaults(workload: Workload): { property: string; reason: string }[] {
  const faults: { property: string; reason: string }[] = [];
  const { containers, initContainers, volumes } = workload.template;
  const sized = containers.flatMap((container) => (container.resources ? [container.resources] : []));
  if (sized.length === containers.length) {
    const cpu = sized.reduce((sum, resources) => sum + resources.cpu, 0);
    const memoryGi = sized.reduce((sum, resources) => sum + Number.parseFloat(resources.memory), 0);
    const legal = cpu <= 4 && Number.isInteger(cpu * 4) && Math.abs(memoryGi - 2 * cpu) < 1e-9;
    if (!legal)
      faults.push({
        property: 'template.containers',
        reason: `ContainerAppInvalidResourceTotal: the containers ask for ${cpu} cores and ${memoryGi} Gi in all; expected a multiple of 0.25 up to 4 cores and twice as many Gi`,
      });
  }
  const names = [...containers, ...initContainers].map((container) => container.name);
  for (const twice of names.filter((name, index) => names.indexOf(name) !== index))
    faults.push({ property: 'template.containers', reason: `the container name ${twice} is used twice` });
  const secrets = new Set(workload.configuration.secrets.map((secret) => secret.name));
  const missingSecret = (secretRef: string, property: string) => {
    if (!secrets.has(secretRef)) faults.push({ property, reason: `the secret ${secretRef} is not in configuration.secrets` });
  };
  for (const container of [...containers, ...initContainers]) {
    for (const variable of container.env)
      if (variable.secretRef !== undefined) missingSecret(variable.secretRef, `template.containers.${container.name}.env.${variable.name}`);
    for (const mount of container.volumeMounts) {
      if (!volumes.some((declared) => declared.name === mount.volumeName))
        faults.push({
          property: `template.containers.${container.name}.volumeMounts`,
          reason: `the volume ${mount.volumeName} is not in template.volumes`,
        });
    }
  }
  for (const declared of volumes)
    for (const item of declared.secrets ?? []) missingSecret(item.secretRef, `template.volumes.${declared.name}`);
  return faults;
}
