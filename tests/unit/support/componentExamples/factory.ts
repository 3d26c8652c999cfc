import { Factory } from '../../../../components/factory';
import { programs } from '../../../../contracts/programs';
import { configuration, deployer, platform } from './platform';

const images = Object.fromEntries(
  Object.keys(programs).map((program) => [program, `acrplantx7k2.azurecr.io/${program}@sha256:${'a'.repeat(64)}`]),
);

export const factory = new Factory('plant-sued', {
  configuration,
  deployer,
  platform,
  imageSource: { kind: 'prebuilt', images },
  pipelineVersion: '1.0.0',
  sourceCommit: 'unknown',
  tags: { plant: 'sued' },
});
