/** Programs of the pipelines that a queue brings work to, each named as its queue. */
export const queueNames = ['data-pipeline', 'model-development', 'validate-and-package', 'tag-and-deliver', 'delivery'] as const;
export type QueueName = (typeof queueNames)[number];
/** Programs that run as jobs; `delivery` is always on. */
export type JobName = Exclude<QueueName, 'delivery'>;
export const jobNames: readonly JobName[] = ['data-pipeline', 'model-development', 'validate-and-package', 'tag-and-deliver'];

/** vCPUs of each job; memory and disk follow from them. */
export const jobCpu = {
  'data-pipeline': 2,
  'model-development': 0.5,
  'validate-and-package': 1,
  'tag-and-deliver': 0.5,
} as const satisfies Readonly<Record<JobName, number>>;

/** The platform ends an execution of a job after this time. */
export const jobTimeoutSeconds: Readonly<Record<JobName, number>> = {
  'data-pipeline': 3_600,
  'model-development': 900,
  'validate-and-package': 1_800,
  'tag-and-deliver': 900,
};

const gib = 1024 ** 3;
/** Ephemeral storage of a replica, by "Use storage mounts in Azure Container Apps": all its containers share it. */
export const diskBytes = (cpu: number): number => (cpu <= 0.25 ? 1 : cpu <= 0.5 ? 2 : cpu <= 1 ? 4 : 8) * gib;
