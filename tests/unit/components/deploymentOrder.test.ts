import { programs } from '../../../contracts/programs';
import { captureProgram, guid, ofType, type Captured, type Registration } from '../support/capturedProgram';
import { dependenciesOf, roleName } from '../support/capturedResources';

jest.mock('../../../components/programs/contentHashes', () => ({
  readContentHashes: () =>
    Object.fromEntries(
      Object.keys(jest.requireActual<{ programs: object }>('../../../contracts/programs').programs).map((name) => [
        name,
        Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64),
      ]),
    ),
}));

let captured: Captured;
beforeAll(async () => {
  const reader = { principalId: guid('a reader'), principalType: 'ServicePrincipal' };
  captured = await captureProgram({
    factory: 'plant-one',
    readers: [reader],
    cloud: { propagationSeconds: 2 },
    sourceCommit: 'abc',
    baseImageRegistry: 'mirror.example/docker',
  });
});
const dependencies = (of: Registration) => dependenciesOf(captured, of);

describe('waiting for roles', () => {
  it('an assignment of a custom role comes after a pause since its definition, or Azure may not know the role', () => {
    const custom = ofType(captured, 'azure-native:authorization:RoleAssignment').filter(
      ({ inputs }) => roleName(String(inputs.roleDefinitionId)) === 'custom',
    );
    expect(custom.length).toBeGreaterThan(1);
    expect(custom.filter((one) => !dependencies(one).some((urn) => urn.endsWith('::custom-roles-known')))).toEqual([]);
  });

  it('a command asks again for a quarter of an hour, a pause takes what the stack says', () => {
    const waits = ofType(captured, 'command:local:Command').flatMap(
      ({ inputs }) => (inputs.environment as { ROLE_ASSIGNMENT_WAIT_SECONDS?: string } | undefined)?.ROLE_ASSIGNMENT_WAIT_SECONDS ?? [],
    );
    expect(new Set(waits)).toEqual(new Set(['900']));
    const pauses = ofType(captured, 'command:local:Command')
      .filter(({ name }) => /-(in-force|known)$/.test(name))
      .map(({ inputs }) => inputs.create);
    expect(new Set(pauses)).toEqual(new Set(['node -e "setTimeout(() => {}, 2000)"']));
  });
});

describe('plans of log tables', () => {
  it('come after a pause since the workspace, and nothing waits for them: where Azure refuses them, all the rest can be made', () => {
    const [tables] = ofType(captured, 'azure-native:resources:Deployment') as [Registration];
    expect(dependencies(tables).filter((urn) => urn.endsWith('-active'))).toHaveLength(1);
    const waiting = captured.registrations.filter((one) => dependencies(one).some((urn) => urn.endsWith(`::${tables.name}`)));
    expect(waiting.map(({ name }) => name)).toEqual([]);
  });
});

describe('images', () => {
  it('are built one first, which brings the base image, and then four at a time', () => {
    const names = Object.keys(programs).map((program) => `image-${program}`);
    const before = ofType(captured, 'command:local:Command')
      .filter(({ name }) => name.startsWith('image-'))
      .map((one) => [
        one.name,
        dependencies(one)
          .map((urn) => urn.split('::').pop())
          .filter((name) => name?.startsWith('image-')),
      ]);
    expect(Object.fromEntries(before)).toEqual(
      Object.fromEntries(names.map((name, index) => [name, index === 0 ? [] : [names[Math.max(0, index - 4)]]])),
    );
  });
});

describe('base images', () => {
  it('are imported from where the stack says', () => {
    const sources = ofType(captured, 'command:local:Command')
      .filter(({ name }) => name.startsWith('image-'))
      .map(({ inputs }) => (inputs.environment as { BASE_IMAGE_REGISTRY?: string }).BASE_IMAGE_REGISTRY);
    expect(sources).toEqual(Object.keys(programs).map(() => 'mirror.example/docker'));
  });
});

describe('what Azure ML keeps', () => {
  const only = (type: string) => ofType(captured, `azure-native:machinelearningservices:${type}`)[0] as Registration;
  const keepers = (name: string) =>
    ofType(captured, 'random:index/randomString:RandomString').find((one) => one.name === name)?.inputs.keepers;

  it('goes with the workspace: a cluster or version is never deleted by itself', () => {
    const optionsOf = (one: Registration) => captured.options.get(`${one.type} ${one.name}`);
    expect([only('Compute'), only('EnvironmentVersion')].map((one) => optionsOf(one)?.retainOnDelete)).toEqual([true, true]);
    expect(optionsOf(only('Datastore'))?.deletedWith).toMatch(/::machine-learning$/);
  });

  it('has a name that it never had before: another size, priority or image is another one, and so is the first one that comes back', () => {
    expect(only('Compute').inputs.computeName).toBe('training-abc123');
    expect(keepers('training-cluster-made')).toEqual({ vmSize: 'Standard_DS2_v2', priority: 'Dedicated' });
    expect(only('EnvironmentVersion').inputs.version).toMatch(/^[0-9a-f]{16}-abc123$/);
    expect(keepers('training-environment-made')).toEqual({
      image: (only('EnvironmentVersion').inputs.properties as { image: string }).image,
    });
  });
});
