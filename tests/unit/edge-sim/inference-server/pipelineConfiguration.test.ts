import { stringify } from 'yaml';
import { executionOrder, parsePipelineConfiguration } from '../../../../edge-sim/inference-server/pipelineConfiguration';
import { sampleConfiguration } from '../../support/samplePackage';

const packageId = '0f4e2c6a-1111-5000-8000-000000000001';
type Draft = ReturnType<typeof draft>;
const draft = () =>
  JSON.parse(JSON.stringify(sampleConfiguration(packageId, '3'))) as {
    packageType: string;
    fileFormatVersion: string;
    dataFlowPipelineInfo: Record<string, unknown>;
    dataFlowPipeline: {
      components: { name: string; entrypoint: string; inputType: { name: string; type: string }[] }[];
      pipelineDag: { source: string; target: string }[];
      pipelineOutputs: { name: string; type: string; metric?: boolean }[];
    };
  };
const parse = (change: (document: Draft) => void = () => undefined) => {
  const document = draft();
  change(document);
  return parsePipelineConfiguration(stringify(document, { version: '1.1' }));
};

it('reads a configuration and finds the order of the components', () => {
  expect(executionOrder(parse())).toEqual(['preprocess', 'model', 'postprocess']);
});

it('keeps a time without quotes as text', () => {
  const text = stringify(draft(), { version: '1.2' }).replace(/createdOn: .*/, 'createdOn: 2026-11-22 17:27:25.431535');
  expect(parsePipelineConfiguration(text).dataFlowPipelineInfo.createdOn).toBe('2026-11-22 17:27:25.431535');
});

it.each<[string, (document: Draft) => void, string]>([
  [
    'another file format',
    (document) => {
      document.fileFormatVersion = '2.0.0';
    },
    '1.2.0',
  ],
  [
    'a delta package',
    (document) => {
      document.packageType = 'delta';
    },
    'a full package',
  ],
  [
    'a project name that is a wildcard',
    (document) => {
      document.dataFlowPipelineInfo['projectName'] = '#';
    },
    'projectName',
  ],
  [
    'a package id that is a path',
    (document) => {
      document.dataFlowPipelineInfo['packageId'] = '../../etc';
    },
    'packageId',
  ],
  [
    'an entrypoint outside the component',
    (document) => {
      document.dataFlowPipeline.components[0]!.entrypoint = './../../x.py';
    },
    'entrypoint',
  ],
  [
    'an unknown type',
    (document) => {
      document.dataFlowPipeline.components[0]!.inputType[0]!.type = 'Float';
    },
    'inputType',
  ],
  [
    'the reserved name',
    (document) => {
      document.dataFlowPipeline.components[0]!.inputType[0]!.name = 'Timestamp';
    },
    'timestamp',
  ],
  [
    'an edge from nowhere',
    (document) => {
      document.dataFlowPipeline.pipelineDag[2]!.source = 'preprocess.nothing';
    },
    'has no output "nothing"',
  ],
  [
    'a circle',
    (document) => {
      document.dataFlowPipeline.pipelineDag[2]!.source = 'postprocess.result';
    },
    'circle',
  ],
  [
    'a metric without a group',
    (document) => {
      document.dataFlowPipeline.pipelineOutputs[0] = { name: 'result', type: 'String', metric: true };
    },
    'underscore',
  ],
  [
    'a component called Databus',
    (document) => {
      document.dataFlowPipeline.components[0]!.name = 'Databus';
    },
    'none called Databus',
  ],
])('refuses %s', (_, change, reason) => {
  expect(() => parse(change)).toThrow(reason);
});

it('refuses YAML that grows by aliases', () => {
  expect(() => parsePipelineConfiguration('a: &a [x, x]\nb: [*a, *a]\n')).toThrow('pipeline_config.yml');
});
