import { PackageError } from './pipelineConfiguration';

export interface TensorSpecification {
  readonly name: string;
  readonly dataType: string;
  readonly dims: readonly number[];
}
interface ModelServerConfiguration {
  readonly platform: string;
  readonly maxBatchSize: number;
  readonly input: readonly TensorSpecification[];
  readonly output: readonly TensorSpecification[];
}

type Value = string | number | Message | Value[];
interface Message {
  [field: string]: Value[];
}
const maxCharacters = 100_000;

/** Reads protobuf text, which protobufjs does not: fields with scalars, `{ }` messages and `[ ]` lists; enough for the configuration of a model server. */
function parseText(text: string): Message {
  const tokens = [...text.replaceAll(/#[^\n]*/g, '').matchAll(/"((?:[^"\\]|\\.)*)"|[A-Za-z_][\w.]*|-?\d+(?:\.\d+)?|[{}[\]:,;]|\S/g)];
  let at = 0;
  const peek = () => tokens[at]?.[0];
  const wrong = (expected: string): never => {
    throw new PackageError(`config.pbtxt: expected ${expected}, got ${peek() ?? 'the end'}`);
  };
  const value = (depth: number): Value => {
    if (depth > 20) wrong('at most 20 levels');
    const token = tokens[at++];
    if (token === undefined) return wrong('a value');
    if (token[0] === '{') return message('}', depth + 1);
    if (token[0] === '[') {
      const values: Value[] = [];
      while (peek() !== ']') {
        if (peek() === ',') at += 1;
        else values.push(value(depth + 1));
      }
      at += 1;
      return values;
    }
    return token[1] ?? (/^-?\d/.test(token[0]) ? Number(token[0]) : token[0]);
  };
  const message = (end: string | undefined, depth: number): Message => {
    const fields: Message = Object.create(null) as Message;
    while (peek() !== end) {
      const name = tokens[at++]?.[0];
      if (name === undefined || !/^[A-Za-z_]/.test(name)) {
        at -= 1;
        wrong('the name of a field');
      }
      if (peek() === ':') at += 1;
      const read = value(depth);
      (fields[name as string] ??= []).push(...(Array.isArray(read) ? read : [read]));
      if (peek() === ',' || peek() === ';') at += 1;
    }
    at += 1;
    return fields;
  };
  return message(undefined, 0);
}

function tensors(values: readonly Value[] | undefined): TensorSpecification[] {
  return (values ?? []).map((tensor) => {
    const { name, data_type: dataType, dims } = tensor as Message;
    if (typeof name?.[0] !== 'string' || typeof dataType?.[0] !== 'string' || !dims?.every((dim) => Number.isInteger(dim)))
      throw new PackageError('config.pbtxt: expected name, data_type and whole dims for each input and output');
    return { name: name[0], dataType: dataType[0], dims: dims as number[] };
  });
}

export function parseModelServerConfiguration(text: string): ModelServerConfiguration {
  if (text.length > maxCharacters) throw new PackageError(`config.pbtxt: expected at most ${maxCharacters} characters, got ${text.length}`);
  const fields = parseText(text);
  const platform = fields['platform']?.[0] ?? fields['backend']?.[0];
  if (platform !== 'onnxruntime_onnx' && platform !== 'onnxruntime')
    throw new PackageError(`config.pbtxt: expected platform "onnxruntime_onnx", got ${JSON.stringify(platform)}`);
  const maxBatchSize = fields['max_batch_size']?.[0] ?? 0;
  return {
    platform,
    maxBatchSize: typeof maxBatchSize === 'number' ? maxBatchSize : 0,
    input: tensors(fields['input']),
    output: tensors(fields['output']),
  };
}
