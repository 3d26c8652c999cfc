import { bytesField, integerField, message, messageField, textField, type Field } from './protobuf';
import { type AnomalyModel } from './anomalyModel';

/** Numbers from onnx.proto3. */
const dataType = { float: 1, bool: 9 } as const;
const attributeType = { int: 2, ints: 7 } as const;
const irVersion = 8;
const opset = 15;

interface Attribute {
  readonly name: string;
  readonly int?: number;
  readonly ints?: readonly number[];
}

const attribute = ({ name, int, ints }: Attribute): Field =>
  messageField(
    5,
    int !== undefined
      ? [textField(1, name), integerField(3, int), integerField(20, attributeType.int)]
      : [textField(1, name), ...(ints ?? []).map((value) => integerField(8, value)), integerField(20, attributeType.ints)],
  );

/** Each node is named after its output. */
const node = (operator: string, inputs: readonly string[], output: string, attributes: readonly Attribute[] = []): Field =>
  messageField(1, [
    ...inputs.map((name) => textField(1, name)),
    textField(2, output),
    textField(3, output),
    textField(4, operator),
    ...attributes.map(attribute),
  ]);

function constant(name: string, dimensions: readonly number[], values: readonly number[]): Field {
  const raw = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => raw.writeFloatLE(value, index * 4));
  return messageField(5, [
    ...dimensions.map((size) => integerField(1, size)),
    integerField(2, dataType.float),
    textField(8, name),
    bytesField(9, raw),
  ]);
}

const value = (field: number, name: string, type: number, dimensions: readonly (number | string)[]): Field =>
  messageField(field, [
    textField(1, name),
    messageField(2, [
      messageField(1, [
        integerField(1, type),
        messageField(
          2,
          dimensions.map((size) => messageField(1, [typeof size === 'number' ? integerField(1, size) : textField(2, size)])),
        ),
      ]),
    ]),
  ]);

/**
 * The model as an ONNX graph: scaling, both views, units and threshold are inside, so whoever runs it needs only the features.
 * The first dimension is symbolic: the edge scores one window, the gate many. The alarm is "not at or below the threshold", so a
 * vector that is not a number raises it.
 */
export function onnxGraph(model: AnomalyModel, metadata: Readonly<Record<string, string>>): Buffer {
  const size = model.center.length;
  const linear = model.logarithmic.map((one) => 1 - one);
  const graph = [
    node('Max', ['features', 'zero'], 'not_negative'),
    node('Add', ['not_negative', 'offset'], 'positive'),
    node('Log', ['positive'], 'logarithm'),
    node('Mul', ['logarithm', 'logarithmic'], 'logarithmic_part'),
    node('Mul', ['features', 'linear'], 'linear_part'),
    node('Add', ['linear_part', 'logarithmic_part'], 'entered'),
    node('Sub', ['entered', 'center'], 'centered'),
    node('Div', ['centered', 'scale'], 'scaled'),
    node('MatMul', ['scaled', 'whitening'], 'whitened'),
    node('Mul', ['whitened', 'whitened'], 'squares'),
    node('ReduceMean', ['squares'], 'mean_square', [
      { name: 'axes', ints: [1] },
      { name: 'keepdims', int: 0 },
    ]),
    node('Sqrt', ['mean_square'], 'distance'),
    node('Div', ['distance', 'distance_unit'], 'distance_score'),
    node('Abs', ['scaled'], 'deviations'),
    node('Div', ['deviations', 'deviation_units'], 'deviation_scores'),
    node('ReduceMax', ['deviation_scores'], 'deviation_score', [
      { name: 'axes', ints: [1] },
      { name: 'keepdims', int: 0 },
    ]),
    node('Max', ['distance_score', 'deviation_score'], 'score'),
    node('LessOrEqual', ['score', 'threshold'], 'quiet'),
    node('Not', ['quiet'], 'alarm'),
    textField(2, 'anomaly'),
    constant('zero', [1], [0]),
    constant('offset', [size], model.offset),
    constant('logarithmic', [size], model.logarithmic),
    constant('linear', [size], linear),
    constant('center', [size], model.center),
    constant('scale', [size], model.scale),
    constant('whitening', [size, size], model.whitening.flat()),
    constant('distance_unit', [1], [model.distanceUnit]),
    constant('deviation_units', [size], model.deviationUnits),
    constant('threshold', [1], [model.threshold]),
    value(11, 'features', dataType.float, ['windows', size]),
    value(12, 'score', dataType.float, ['windows']),
    value(12, 'alarm', dataType.bool, ['windows']),
  ];
  return message([
    integerField(1, irVersion),
    textField(2, 'factory-loop'),
    messageField(7, graph),
    messageField(8, [textField(1, ''), integerField(2, opset)]),
    ...Object.entries(metadata).map(([key, content]) => messageField(14, [textField(1, key), textField(2, content)])),
  ]);
}
