import type { JobName } from '../access/roleMatrix';

/** vCPUs of each job; memory and disk follow from them. */
export const jobCpu = {
  'data-pipeline': 2,
  'model-development': 0.5,
  'validate-and-package': 1,
  'tag-and-deliver': 0.5,
} as const satisfies Readonly<Record<JobName, number>>;

const gib = 1024 ** 3;
/** Ephemeral storage of a replica, by "Use storage mounts in Azure Container Apps": all its containers share it. */
export const diskBytes = (cpu: number): number => (cpu <= 0.25 ? 1 : cpu <= 0.5 ? 2 : cpu <= 1 ? 4 : 8) * gib;
