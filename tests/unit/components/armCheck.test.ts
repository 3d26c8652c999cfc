import { programs } from '../../../contracts/programs';
import { armReport, itWithSchemas } from '../support/armReport';
import { captureProgram, ofType } from '../support/capturedProgram';

describe('the registrations of a development stack', () => {
  itWithSchemas('have no error and no retiring API version by the schemas of Azure Resource Manager', async () => {
    const prebuiltImages = Object.fromEntries(
      Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'a'.repeat(64)}`]),
    );
    const captured = await captureProgram({ imageSource: 'prebuilt', prebuiltImages });
    const report = armReport(captured);
    expect(report).toMatch(/ 0 errors, /);
    expect(report).not.toContain('api-retiring');
    expect(ofType(captured, 'azure-native:app:Job')).toHaveLength(4);
  });
});
