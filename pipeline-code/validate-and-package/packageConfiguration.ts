import { type DatasetManifest } from '../../contracts/datasetManifest';
import { metricTopic, resultDataPoint } from '../../contracts/databus';
import { packageFileFormatVersion, type PackageComponent, type PipelineConfiguration, type Signal } from '../../contracts/edgePackage';
import { featureNames } from '../../contracts/features/featureDefinition';
import { type ModelSignature } from '../../contracts/modelCatalog';

/** What a package is made of; everything in it follows from these. */
export interface PackageDescription {
  readonly packageId: string;
  readonly packageVersion: string;
  readonly packageName: string;
  readonly factory: string;
  readonly createdAt: Date;
  readonly signature: ModelSignature;
  readonly manifest: Pick<DatasetManifest, 'dataset' | 'sources'>;
  /** From then on the package gives no results: no message of the wire takes one away again. */
  readonly quietAfter?: Date;
}

export const componentVersion = '1.0.0';
const pythonVersion = '3.11';
const gpuRuntimeVersion = '0.1.0';
const metric = 'model_score';
/** The inference server adds `timestamp` to each payload; the others are outputs of the pipeline, which must differ from its inputs. */
const reservedNames = ['timestamp', resultDataPoint, metric];

/** Why this model cannot become a package, in words for the catalog; undefined when it can. */
export function packagingProblem(signature: ModelSignature): string | undefined {
  const expected = featureNames(signature.features).length;
  if (signature.input.size !== expected)
    return `the signature takes ${signature.input.size} features, its feature definition gives ${expected}`;
  const reserved = signature.features.sensors.find(({ name }) => reservedNames.includes(name.toLowerCase()));
  return reserved && `the sensor name "${reserved.name}" is reserved on the inference server; rename the column or ignore it`;
}

const features: Signal = { name: 'features', type: 'Float32Array' };
const scores: Signal[] = [
  { name: 'score', type: 'Float32Array' },
  { name: 'alarm', type: 'BooleanArray' },
];
const windowSignals: Signal[] = ['window_start', 'window_end', 'window_quality'].map((name) => ({ name, type: 'String' }));
const sensorSignals = (signature: ModelSignature): Signal[] => signature.features.sensors.map(({ name }) => ({ name, type: 'Double' }));

function components(signature: ModelSignature): PackageComponent[] {
  const python = {
    version: componentVersion,
    hwType: 'CPU' as const,
    runtime: { type: 'python' as const, version: pythonVersion },
    batch: { inputBatch: 'No' as const, outputBatch: 'No' as const },
    replicas: 1,
  };
  return [
    {
      ...python,
      name: 'preprocess',
      description: 'samples to feature windows',
      entrypoint: './preprocess.py',
      inputType: sensorSignals(signature),
      outputType: [features, ...windowSignals],
    },
    {
      name: 'model',
      version: componentVersion,
      description: 'anomaly score of a window',
      entrypoint: '1/model.onnx',
      hwType: 'GPU',
      runtime: { type: 'gpuruntime', version: gpuRuntimeVersion },
      inputType: [features],
      outputType: scores,
      batch: { inputBatch: 'No', outputBatch: 'No' },
    },
    {
      ...python,
      name: 'postprocess',
      description: 'score to result and metric',
      entrypoint: './postprocess.py',
      inputType: [...scores, ...windowSignals],
      outputType: [
        { name: resultDataPoint, type: 'String', metric: false },
        { name: metric, type: 'String', metric: true },
      ],
    },
  ];
}

const edge = (from: string, to: string, name: string) => ({ source: `${from}.${name}`, target: `${to}.${name}` });

export function pipelineConfiguration({
  packageId,
  packageVersion,
  packageName,
  factory,
  createdAt,
  signature,
  quietAfter,
}: PackageDescription): PipelineConfiguration {
  return {
    fileFormatVersion: packageFileFormatVersion,
    packageType: 'full',
    dataFlowPipelineInfo: {
      author: 'factory-loop',
      createdOn: createdAt.toISOString(),
      dataFlowPipelineVersion: packageVersion,
      description: `${signature.model} for ${factory}, trained on data version ${signature.dataVersion}`,
      packageId,
      projectName: packageName,
    },
    dataFlowPipeline: {
      components: components(signature),
      pipelineDag: [
        ...signature.features.sensors.map(({ name }) => edge('Databus', 'preprocess', name)),
        edge('preprocess', 'model', features.name),
        ...scores.map(({ name }) => edge('model', 'postprocess', name)),
        ...windowSignals.map(({ name }) => edge('preprocess', 'postprocess', name)),
        edge('postprocess', 'Databus', resultDataPoint),
        edge('postprocess', 'Databus', metric),
      ],
      pipelineInputs: sensorSignals(signature),
      pipelineOutputs: [
        { name: resultDataPoint, type: 'String', metric: false },
        { name: metric, type: 'String', metric: true, topic: metricTopic(packageName, packageVersion, 'postprocess', metric) },
      ],
      pipelineParameters: [
        { name: 'package_id', type: 'String', defaultValue: packageId },
        { name: 'package_version', type: 'String', defaultValue: packageVersion },
        { name: 'threshold', type: 'Double', defaultValue: signature.threshold },
        ...(quietAfter === undefined ? [] : [{ name: 'quiet_after', type: 'String' as const, defaultValue: quietAfter.toISOString() }]),
      ],
    },
  };
}

const seconds = (date: Date) => date.toISOString().replace(/\.\d{3}Z$/, 'Z');

export const runtimeConfiguration = ({ packageName, createdAt, signature }: PackageDescription) => ({
  fileFormatVersion: '1',
  runtimeConfiguration: {
    components: components(signature).map(({ name, runtime }) => ({
      device: 'IED1',
      name,
      targetRuntime: runtime.type === 'python' ? 'Python' : 'gpuruntime',
    })),
    devices: [{ address: 'localhost', arch: 'x86_64', name: 'IED1' }],
  },
  runtimeInfo: { createdOn: seconds(createdAt), projectName: packageName, runtimeConfigurationVersion: '1.0.0' },
});

/** Mean time between samples, in the range that the inference server accepts. */
export function samplePeriodMs(sources: PackageDescription['manifest']['sources']): number {
  const steps = sources.reduce((sum, { rows }) => sum + Math.max(rows - 1, 0), 0);
  const durationMs = sources.reduce((sum, { firstTime, lastTime }) => sum + Date.parse(lastTime) - Date.parse(firstTime), 0);
  return Math.min(Math.max(Math.round(steps === 0 ? 1000 : durationMs / steps), 10), 2 ** 31 - 1);
}

/** Without alignment the inference server would hand over one sensor per call; a window needs all of them at one time. */
export const datalinkMetadata = ({ createdAt, signature, manifest }: PackageDescription) => ({
  fileFormatVersion: '1.0.0',
  id: null,
  version: null,
  createdOn: seconds(createdAt),
  updatedOn: seconds(createdAt),
  timeShifting: { enabled: true, id: null, periodicity: samplePeriodMs(manifest.sources), startingPoint: 'First timestamp' },
  inputs: sensorSignals(signature).map((signal) => ({ ...signal, mapping: null, timeShiftingReference: false })),
});

/** Nothing of the machine that packs goes in, or two builds of one model would differ. */
export const telemetryData = () => ({
  platform: { os: 'Linux', release: 'not found', python_version: 'not found' },
  environment: { jupyter: 'not found', gitlab_ci: 'not found', azure_devops: 'not found', github_actions: 'not found' },
  industrial_ai: { simaticai: 'not found', 'vep-template-sdk': 'not found' },
  pipeline: { python_versions: [pythonVersion], file_extensions: ['.onnx', '.py'] },
});

/** Triton's model configuration of the GPU component; dims are whole because the graph takes one window at a time. */
export const modelServerConfiguration = (signature: ModelSignature) => `name: "model"
platform: "onnxruntime_onnx"
input [
  {
    name: "${signature.input.name}"
    data_type: TYPE_FP32
    dims: [ 1, ${signature.input.size} ]
  }
]
output [
  {
    name: "score"
    data_type: TYPE_FP32
    dims: [ 1 ]
  },
  {
    name: "alarm"
    data_type: TYPE_BOOL
    dims: [ 1 ]
  }
]
`;
