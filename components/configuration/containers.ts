/** Blob containers by account: `data` for the cloud, `edge` as the only one that a factory reaches, `ml` of the workspace. */
export const dataContainers = ['raw', 'processed', 'quarantine', 'deliveries', 'checkpoints', 'dead-letters'] as const;
export const edgeContainers = ['packaged-models', 'landing-zone'] as const;
export const modelContainers = ['models'] as const;
export type ContainerName = (typeof dataContainers | typeof edgeContainers | typeof modelContainers)[number];

/** Containers that may have a lifecycle: all but `checkpoints`, whose blobs are the programs' memory. */
export const lifecycleContainers = [
  'raw',
  'processed',
  'quarantine',
  'deliveries',
  'dead-letters',
  'packaged-models',
  'landing-zone',
  'models',
] as const satisfies readonly ContainerName[];
export type LifecycleContainer = (typeof lifecycleContainers)[number];
/** Containers that programs read again: an archived blob would have to be brought back by hand first. */
export const readAgain: readonly LifecycleContainer[] = ['raw', 'processed', 'deliveries', 'packaged-models', 'landing-zone', 'models'];
