import { programs } from '../../../../contracts/programs';
import { ProgramImages } from '../../../../components/programs/programImages';
import { registry } from './imageRegistry';

const images = Object.fromEntries(
  Object.keys(programs).map((program) => [program, `acrplantx7k2.azurecr.io/${program}@sha256:${'a'.repeat(64)}`]),
);

export const programImages = new ProgramImages('images', {
  source: { kind: 'prebuilt', images },
  registryId: registry.id,
  registryLoginServer: registry.loginServer,
});
