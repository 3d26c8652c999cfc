import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ZipFile } from 'yazl';
import type { PackageComponent, PipelineConfiguration } from '../../../contracts/edgePackage';

export type Files = Readonly<Record<string, Buffer | string>>;

export async function zipOf(files: Files): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name, { mtime: new Date(2020, 0, 1) });
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
const bytes = (field: number, content: Buffer | string): Buffer => {
  const body = Buffer.from(content);
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(body.length)]), body]);
};
const number = (field: number, value: number): Buffer => Buffer.from([...varint(field << 3), ...varint(value)]);
const tensorType = (elementType: number, dims: number[]) =>
  bytes(1, Buffer.concat([number(1, elementType), bytes(2, Buffer.concat(dims.map((dim) => bytes(1, number(1, dim)))))]));
const valueInfo = (name: string, elementType: number, dims: number[]) =>
  Buffer.concat([bytes(1, name), bytes(2, tensorType(elementType, dims))]);
const node = (operator: string, inputs: string[], output: string, attributes: Buffer[] = []) =>
  Buffer.concat([...inputs.map((one) => bytes(1, one)), bytes(2, output), bytes(4, operator), ...attributes.map((one) => bytes(5, one))]);

/** score = sum of two features, alarm = score > 10. */
function sumGraph(): Buffer {
  const ten = Buffer.alloc(4);
  ten.writeFloatLE(10);
  const keepDims = Buffer.concat([bytes(1, 'keepdims'), number(3, 0), number(20, 2)]);
  const axes = Buffer.concat([bytes(1, 'axes'), number(8, 1), number(20, 7)]);
  const graph = Buffer.concat([
    bytes(1, node('ReduceSum', ['features'], 'score', [axes, keepDims])),
    bytes(1, node('Greater', ['score', 'limit'], 'alarm')),
    bytes(2, 'sum'),
    bytes(5, Buffer.concat([number(1, 1), number(2, 1), bytes(8, 'limit'), bytes(9, ten)])),
    bytes(11, valueInfo('features', 1, [1, 2])),
    bytes(12, valueInfo('score', 1, [1])),
    bytes(12, valueInfo('alarm', 9, [1])),
  ]);
  return Buffer.concat([number(1, 7), bytes(7, graph), bytes(8, Buffer.concat([bytes(1, ''), number(2, 11)]))]);
}

const python = (name: string, inputType: string[], outputType: PackageComponent['outputType']): PackageComponent => ({
  name,
  version: '1.0.0',
  entrypoint: `./${name}.py`,
  hwType: 'CPU',
  runtime: { type: 'python', version: '3.11' },
  replicas: 1,
  inputType: inputType.map((input) => ({ name: input, type: 'Double' })),
  outputType,
  batch: { inputBatch: 'No', outputBatch: 'No' },
});
const pre = `
def process_input(data):
    if data["Motor Current"] == 666:
        import os
        os._exit(3)
    if data["Motor Current"] == 13:
        raise ValueError("unlucky")
    if data["Motor Current"] is None:
        return None
    return {"features": [data["Motor Current"], data["Flow Rate"] or 0.0], "time": data["timestamp"], "quality_seen": data.get("quality", "good")}
`;
const post = `
import json
from log_module import LogModule
log = LogModule()
known = {}
def update_parameters(params):
    known.update(params)
    log.info("parameters set")
    print("printing must not break the protocol")
def process_input(data):
    text = json.dumps({"score": data["score"][0], "alarm": data["alarm"][0], "time": data["time"], "quality": data["quality_seen"], "package": known["package_id"] + "/" + known["package_version"], "scale": known["scale"]})
    return {"result": text, "model_score": json.dumps({"value": data["score"][0]})}
`;
const pbtxt = `name: "model"\nplatform: "onnxruntime_onnx"\ninput [ { name: "features" data_type: TYPE_FP32 dims: [ 1, 2 ] } ]\noutput [ { name: "score" data_type: TYPE_FP32 dims: [ 1 ] }, { name: "alarm", data_type: TYPE_BOOL, dims: [ 1 ] } ]\n`;

export function sampleConfiguration(packageId: string, packageVersion: string): PipelineConfiguration {
  const inputs = ['Motor Current', 'Flow Rate'];
  const edges: [string, string][] = [
    ...inputs.map((name): [string, string] => [`Databus.${name}`, `preprocess.${name}`]),
    ['preprocess.features', 'model.features'],
    ['model.score', 'postprocess.score'],
    ['model.alarm', 'postprocess.alarm'],
    ['preprocess.time', 'postprocess.time'],
    ['preprocess.quality_seen', 'postprocess.quality_seen'],
    ['postprocess.result', 'Databus.result'],
    ['postprocess.model_score', 'Databus.model_score'],
  ];
  return {
    fileFormatVersion: '1.2.0',
    packageType: 'full',
    dataFlowPipelineInfo: {
      author: 'test',
      createdOn: '2026-11-22 17:27:25.431535',
      dataFlowPipelineVersion: packageVersion,
      description: '',
      packageId,
      projectName: 'Pump Watch',
    },
    dataFlowPipeline: {
      components: [
        // Not in the order of the flow: the server has to find it.
        python(
          'postprocess',
          ['score', 'alarm', 'time', 'quality_seen'],
          [
            { name: 'result', type: 'String' },
            { name: 'model_score', type: 'String', metric: true },
          ],
        ),
        {
          name: 'model',
          version: '1.0.0',
          entrypoint: '1/model.onnx',
          hwType: 'GPU',
          runtime: { type: 'gpuruntime', version: '0.1.0' },
          inputType: [{ name: 'features', type: 'Float32Array' }],
          outputType: [
            { name: 'score', type: 'Float32Array' },
            { name: 'alarm', type: 'BooleanArray' },
          ],
        },
        python(
          'preprocess',
          inputs,
          ['features', 'time', 'quality_seen'].map((name) => ({ name, type: name === 'features' ? 'Float32Array' : 'String' })),
        ),
      ],
      pipelineDag: edges.map(([source, target]) => ({ source, target })),
      pipelineInputs: inputs.map((name) => ({ name, type: 'Double' })),
      pipelineOutputs: [
        { name: 'result', type: 'String', metric: false },
        { name: 'model_score', type: 'String', metric: true },
      ],
      pipelineParameters: [{ name: 'scale', type: 'Integer', defaultValue: 3 }],
    },
  };
}

export async function samplePackage(
  packageId: string,
  packageVersion: string,
  changes: { readonly files?: Files; readonly preprocess?: string; readonly configuration?: PipelineConfiguration } = {},
): Promise<Buffer> {
  return zipOf({
    'pipeline_config.yml': stringify(changes.configuration ?? sampleConfiguration(packageId, packageVersion), {
      version: '1.1',
      sortMapEntries: true,
    }),
    'README.html': '<html></html>',
    'components/preprocess_1.0.0.zip': await zipOf({
      'requirements.txt': '# Runtime dependencies\n',
      'preprocess.py': changes.preprocess ?? pre,
    }),
    'components/model_1.0.0.zip': await zipOf({ 'config.pbtxt': pbtxt, '1/model.onnx': sumGraph() }),
    'components/postprocess_1.0.0.zip': await zipOf({ 'requirements.txt': '# Runtime dependencies\n', 'postprocess.py': post }),
    ...changes.files,
  });
}

export const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

export function siteDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'factory-loop-site-'));
  mkdirSync(join(directory, 'inbox'));
  return directory;
}

/** Leaves an archive in the inbox and says what to tell the inference server. */
export function leaveInInbox(directory: string, content: Buffer): { file: string; sha256: string } {
  const file = `${randomUUID()}.zip`;
  writeFileSync(join(directory, 'inbox', file), content);
  return { file, sha256: sha256(content) };
}
