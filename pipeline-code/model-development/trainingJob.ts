import { type CommandJob } from '@azure/arm-machinelearning';
import { loopNames } from '../../contracts/datasets';
import { type SettingsOf } from '../../contracts/settings/settings';
import { type ModelDevelopmentSettings } from '../../contracts/settings/modelDevelopment';
import { type trainSettings } from '../../contracts/settings/train';

export const maximumAttempts = 3;
export const trainingJobName = (dataVersion: string, attempt: number) =>
  attempt === 1 ? `train-${dataVersion}` : `train-${dataVersion}-${attempt}`;

const ended = (status: string | undefined) => status === 'Failed' || status === 'Canceled';

type TrainingDecision =
  | { readonly kind: 'submit'; readonly name: string }
  | { readonly kind: 'exists'; readonly name: string; readonly status: string }
  | { readonly kind: 'givenUp'; readonly name: string };

/** `statuses` are those of the attempts so far, oldest first: one data version is trained once, and again only after a failure. */
export function decideTraining(dataVersion: string, statuses: readonly (string | undefined)[]): TrainingDecision {
  const last = statuses.length;
  if (last > 0 && !ended(statuses[last - 1]))
    return { kind: 'exists', name: trainingJobName(dataVersion, last), status: statuses[last - 1] ?? 'Unknown' };
  if (last >= maximumAttempts) return { kind: 'givenUp', name: trainingJobName(dataVersion, last) };
  return { kind: 'submit', name: trainingJobName(dataVersion, last + 1) };
}

export interface DataVersion {
  readonly dataset: string;
  readonly dataVersion: string;
  readonly manifestPath: string;
}

const modelOf = ({ FACTORY }: ModelDevelopmentSettings, dataset: string) => loopNames(FACTORY, dataset).model;

/** The environment of `train`: exactly its settings, which the compiler checks. */
function trainEnvironment(
  settings: ModelDevelopmentSettings,
  { dataset, manifestPath }: DataVersion,
  jobName: string,
): SettingsOf<typeof trainSettings, string> {
  return {
    AZURE_CLIENT_ID: settings.TRAIN_CLIENT_ID,
    AZURE_TOKEN_CREDENTIALS: settings.AZURE_TOKEN_CREDENTIALS,
    AZURE_RESOURCE_MANAGER_ENDPOINT: settings.AZURE_RESOURCE_MANAGER_ENDPOINT,
    AZURE_RESOURCE_MANAGER_AUDIENCE: settings.AZURE_RESOURCE_MANAGER_AUDIENCE,
    DATA_BLOB_ENDPOINT: settings.DATA_BLOB_ENDPOINT,
    PROCESSED_CONTAINER: settings.PROCESSED_CONTAINER,
    MANIFEST_PATH: manifestPath,
    SUBSCRIPTION_ID: settings.SUBSCRIPTION_ID,
    RESOURCE_GROUP: settings.RESOURCE_GROUP,
    ML_WORKSPACE: settings.ML_WORKSPACE,
    MODEL_NAME: modelOf(settings, dataset),
    JOB_NAME: jobName,
    ML_BLOB_ENDPOINT: settings.ML_BLOB_ENDPOINT,
    MODELS_CONTAINER: settings.MODELS_CONTAINER,
    MODELS_DATASTORE: settings.MODELS_DATASTORE,
    SOURCE_COMMIT: settings.SOURCE_COMMIT,
  };
}

export function trainingJob(settings: ModelDevelopmentSettings, data: DataVersion, jobName: string): CommandJob {
  const model = modelOf(settings, data.dataset);
  return {
    jobType: 'Command',
    // Azure ML starts a job in a directory of its own, not in the image's.
    command: 'test -f index.js || cd /app; exec node index.js',
    computeId: settings.COMPUTE_ID,
    environmentId: settings.ENVIRONMENT_ID,
    experimentName: model,
    displayName: jobName,
    description: `Trains ${model} on data version ${data.dataVersion} of ${data.dataset}`,
    environmentVariables: { ...trainEnvironment(settings, data, jobName) },
    identity: { identityType: 'Managed', clientId: settings.TRAIN_CLIENT_ID },
    limits: { jobLimitsType: 'Command', timeout: 'PT2H' },
    resources: { instanceCount: 1 },
    tags: { dataVersion: data.dataVersion, dataset: data.dataset, model, sourceCommit: settings.SOURCE_COMMIT },
  };
}
