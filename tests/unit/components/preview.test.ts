import { programs } from '../../../contracts/programs';
import { captureProgram, ofType } from '../support/capturedProgram';

const prebuiltImages = Object.fromEntries(Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'a'.repeat(64)}`]));

describe('a preview, in which no service has answered yet', () => {
  it('declares everything that a deployment declares', async () => {
    const previewed = await captureProgram({ imageSource: 'prebuilt', prebuiltImages }, { preview: true });
    expect(ofType(previewed, 'azure-native:authorization:RoleAssignment').length).toBeGreaterThan(50);
    expect(ofType(previewed, 'azure-native:eventgrid:SystemTopicEventSubscription')).toHaveLength(6);
    expect([...ofType(previewed, 'azure-native:app:Job'), ...ofType(previewed, 'azure-native:app:ContainerApp')]).toHaveLength(6);
    expect(ofType(previewed, 'command:local:Command').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['enrolment', 'model-manager-device']),
    );
  });
});
