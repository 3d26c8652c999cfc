import { type AnomalyModel } from './anomalyModel';
import { modelProto } from './onnxSchema';

const irVersion = 8;
const opset = 15;

/** Each node is named after its output. */
const node = (op_type: string, input: readonly string[], output: string, attribute: readonly object[] = []) => ({
  op_type,
  input,
  output: [output],
  name: output,
  attribute,
});
/** Along the features of a window, which leaves one value for each window. */
const alongFeatures = [
  { name: 'axes', ints: [1], type: 'INTS' },
  { name: 'keepdims', i: 0, type: 'INT' },
];

function constant(name: string, dims: readonly number[], values: readonly number[]) {
  const raw_data = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => raw_data.writeFloatLE(value, index * 4));
  return { name, dims, data_type: 'FLOAT', raw_data };
}

const value = (name: string, elem_type: 'FLOAT' | 'BOOL', dimensions: readonly (number | string)[]) => ({
  name,
  type: {
    tensor_type: {
      elem_type,
      shape: { dim: dimensions.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size })) },
    },
  },
});

/**
 * The model as an ONNX graph: scaling, both views, units and threshold are inside, so whoever runs it needs only the features.
 * The first dimension is symbolic: the edge scores one window, the gate many. The alarm is "not at or below the threshold", so a
 * vector that is not a number raises it.
 */
export function onnxGraph(model: AnomalyModel, metadata: Readonly<Record<string, string>>): Buffer {
  const size = model.center.length;
  const linear = model.logarithmic.map((value) => 1 - value);
  const graph = {
    name: 'anomaly',
    node: [
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
      node('ReduceMean', ['squares'], 'mean_square', alongFeatures),
      node('Sqrt', ['mean_square'], 'distance'),
      node('Div', ['distance', 'distance_unit'], 'distance_score'),
      node('Abs', ['scaled'], 'deviations'),
      node('Div', ['deviations', 'deviation_units'], 'deviation_scores'),
      node('ReduceMax', ['deviation_scores'], 'deviation_score', alongFeatures),
      node('Max', ['distance_score', 'deviation_score'], 'score'),
      node('LessOrEqual', ['score', 'threshold'], 'quiet'),
      node('Not', ['quiet'], 'alarm'),
    ],
    initializer: [
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
    ],
    input: [value('features', 'FLOAT', ['windows', size])],
    output: [value('score', 'FLOAT', ['windows']), value('alarm', 'BOOL', ['windows'])],
  };
  const written = modelProto.fromObject({
    ir_version: irVersion,
    producer_name: 'factory-loop',
    graph,
    opset_import: [{ domain: '', version: opset }],
    metadata_props: Object.entries(metadata).map(([key, content]) => ({ key, value: content })),
  });
  return Buffer.from(modelProto.encode(written).finish());
}
