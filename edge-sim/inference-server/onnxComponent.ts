import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { PackageComponent } from '../../contracts/edgePackage';
import { messageOf } from '../../contracts/program/log';
import { ComponentError, type RunningComponent, type Variables } from './component';
import { parseModelServerConfiguration, type TensorSpecification } from './modelServerConfiguration';

const arrays = {
  TYPE_FP32: (values: number[]) => new Tensor('float32', Float32Array.from(values)),
  TYPE_FP64: (values: number[]) => new Tensor('float64', Float64Array.from(values)),
  TYPE_INT32: (values: number[]) => new Tensor('int32', Int32Array.from(values)),
  TYPE_INT64: (values: number[]) => new Tensor('int64', BigInt64Array.from(values.map(BigInt))),
} as const;

/** Values travel as flat arrays; the declared dims give them their shape, with at most one free dimension. */
function shapeOf(dims: readonly number[], length: number, name: string): number[] {
  const fixed = dims.filter((dim) => dim > 0).reduce((product, dim) => product * dim, 1);
  const shape = dims.map((dim) => (dim > 0 ? dim : length / fixed));
  if (shape.reduce((product, dim) => product * dim, 1) !== length || !shape.every(Number.isInteger))
    throw new ComponentError(`input "${name}": expected values for the shape [${dims.join(', ')}], got ${length}`);
  return shape;
}

function tensorOf({ name, dataType, dims }: TensorSpecification, value: unknown): Tensor {
  const values = (Array.isArray(value) ? value : [value]).map((element) => {
    if (typeof element !== 'number')
      throw new ComponentError(`input "${name}": expected numbers, got ${element === null ? 'null' : typeof element}`);
    return element;
  });
  const make = arrays[dataType as keyof typeof arrays];
  return make(values).reshape(shapeOf(dims, values.length, name)) as Tensor;
}

const plain = (tensor: Tensor): (number | boolean | string)[] =>
  Array.from(tensor.data as ArrayLike<number | bigint | string>, (value) =>
    tensor.type === 'bool' ? Boolean(value) : typeof value === 'bigint' ? Number(value) : value,
  );

/** Opens the ONNX graph of a component of the model server's layout: `config.pbtxt` beside `1/model.onnx`. */
export async function startOnnxComponent(component: PackageComponent, directory: string): Promise<RunningComponent> {
  const configuration = parseModelServerConfiguration(await readFile(join(directory, 'config.pbtxt'), 'utf8'));
  const session = await InferenceSession.create(join(directory, component.entrypoint), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  }).catch((error: unknown) => {
    throw new ComponentError(`component "${component.name}": ${messageOf(error)}`);
  });
  for (const [kind, declared, found] of [
    ['input', configuration.input, session.inputNames],
    ['output', configuration.output, session.outputNames],
  ] as const) {
    const missing = declared.find(({ name }) => !found.includes(name));
    if (missing)
      throw new ComponentError(
        `component "${component.name}": config.pbtxt declares the ${kind} "${missing.name}", the graph has ${found.join(', ')}`,
      );
  }
  const unknown = configuration.input.find(({ dataType }) => !(dataType in arrays));
  if (unknown)
    throw new ComponentError(
      `component "${component.name}": input "${unknown.name}": expected ${Object.keys(arrays).join(', ')}, got ${unknown.dataType}`,
    );
  const scalars = new Set(component.outputType.filter(({ type }) => !type.endsWith('Array')).map(({ name }) => name));

  const run = async (input: Variables): Promise<Variables> => {
    const feeds = Object.fromEntries(configuration.input.map((tensor) => [tensor.name, tensorOf(tensor, input[tensor.name])]));
    const results = await session.run(feeds);
    return Object.fromEntries(
      configuration.output.map(({ name }) => {
        const values = plain(results[name] as Tensor);
        return [name, scalars.has(name) && values.length === 1 ? values[0] : values];
      }),
    );
  };
  return {
    setParameters: async () => undefined,
    process: async (inputs) => {
      const outputs: (Variables | undefined)[] = [];
      const errors: { index: number; error: string }[] = [];
      for (const [index, input] of inputs.entries()) {
        outputs.push(
          await run(input).catch((error: unknown) => {
            errors.push({ index, error: messageOf(error) });
            return undefined;
          }),
        );
      }
      return { outputs, errors };
    },
    onFailure: () => undefined,
    close: () => session.release(),
  };
}
