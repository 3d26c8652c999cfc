import { type ContainerClient } from '@azure/storage-blob';
import { type Log } from '../../contracts/program/log';
import { type DataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { type Quarantine } from './quarantine';

export interface Containers {
  readonly raw: ContainerClient;
  readonly landing: ContainerClient;
  readonly processed: ContainerClient;
  readonly quarantine: ContainerClient;
}

/** One pass over a data set: what its stages share. */
export interface Pass {
  readonly settings: DataPipelineSettings;
  readonly dataset: string;
  readonly containers: Containers;
  readonly quarantine: Quarantine;
  /** The pass's own, gone when it ends. */
  readonly directory: string;
  readonly log: Log;
}
