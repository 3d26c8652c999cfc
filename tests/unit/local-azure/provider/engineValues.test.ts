import fc from 'fast-check';
import { changesBetween, differenceOf, parsePath, pathText } from '../../../../local-azure/provider/propertyDiff';
import { inputsAfterDrift, inputsFromOutputs, previewOfCreate, previewOfUpdate } from '../../../../local-azure/provider/resourceState';
import { unknownValue, type Properties } from '../../../../local-azure/region/resourceType';
import { secretPaths, secretTexts, withoutSecretEnvelopes, withSecretEnvelopes } from '../../../../local-azure/provider/secretValues';

const key = fc.string({ minLength: 1, maxLength: 6 }).filter((one) => one !== '__proto__' && one !== '*' && !one.includes('\\'));
const { tree } = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.string({ maxLength: 6 }), fc.integer(), fc.boolean()),
  tree: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
  ),
}));
const properties = fc.dictionary(key, tree, { maxKeys: 5 }) as fc.Arbitrary<Properties>;

describe('differences', () => {
  it('there are none between a value and itself, and one is there as soon as the two differ', () => {
    fc.assert(fc.property(properties, (one) => expect(changesBetween(one, structuredClone(one))).toEqual([])));
    fc.assert(
      fc.property(properties, key, fc.integer(), (one, name, value) => {
        const other = { ...one, [name]: { changed: value } };
        fc.pre(JSON.stringify(one[name]) !== JSON.stringify(other[name]));
        const changes = changesBetween(one, other);
        expect(changes.length).toBeGreaterThan(0);
        expect(changes.every(({ path }) => path[0] === name)).toBe(true);
      }),
    );
  });
  it('both ways round they are at the same places', () => {
    const places = (one: Properties, other: Properties) =>
      changesBetween(one, other)
        .map(({ path }) => pathText(path))
        .sort();
    fc.assert(fc.property(properties, properties, (one, other) => expect(places(one, other)).toEqual(places(other, one))));
  });
  it('a path is read back from its text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(key, fc.nat(9)), { minLength: 1, maxLength: 4 }).map(([first, ...rest]) => [String(first), ...rest]),
        (path) => expect(parsePath(pathText(path))).toEqual(path),
      ),
    );
  });
  it('a replacement is forced at the path, below it and above it, and has the old name unless a name changes', () => {
    const type = { replaceOn: { 'properties.size': 'fixed', name: 'the id' }, identifiedBy: ['name'] };
    const replaced = (after: Properties) => {
      const { changes, deleteBeforeReplace } = differenceOf({ name: 'a', properties: { size: { cpu: 1 }, scale: 1 } }, after, type);
      return { replaces: changes.some(({ replaces }) => replaces), deleteBeforeReplace };
    };
    expect(replaced({ name: 'a', properties: { size: { cpu: 2 }, scale: 1 } })).toEqual({ replaces: true, deleteBeforeReplace: true });
    expect(replaced({ name: 'a' })).toEqual({ replaces: true, deleteBeforeReplace: true });
    expect(replaced({ name: 'a', properties: { size: { cpu: 1 }, scale: 2 } })).toEqual({ replaces: false, deleteBeforeReplace: false });
    expect(replaced({ name: 'b', properties: { size: { cpu: 2 }, scale: 1 } })).toEqual({ replaces: true, deleteBeforeReplace: false });
    expect(replaced({ name: unknownValue, properties: { size: { cpu: 1 }, scale: 1 } })).toEqual({
      replaces: true,
      deleteBeforeReplace: false,
    });
  });
});

describe('secrets', () => {
  it('envelopes come off and go on where they were', () => {
    fc.assert(
      fc.property(properties, fc.array(fc.nat(20), { maxLength: 3 }), (one, picks) => {
        const paths = Object.keys(one)
          .filter((_, index) => picks.includes(index))
          .map((name) => [name]);
        const sealed = withSecretEnvelopes(one, paths);
        expect(withoutSecretEnvelopes(sealed)).toEqual(one);
        expect(secretPaths(sealed)).toEqual(paths);
      }),
    );
  });
  it('a text that repeats one is one', () => {
    const inputs = withSecretEnvelopes({ password: 'a long password', short: 'yes' }, [['password'], ['short']]);
    const outputs = { url: 'https://user:a long password@host', list: [{ same: 'a long password' }], answer: 'yes' };
    expect(secretPaths(withSecretEnvelopes(outputs, [], secretTexts(inputs)))).toEqual([['url'], ['list', 0, 'same']]);
  });
});

describe('states', () => {
  const type = { computed: ['name', 'identity.principalId', 'properties.host'], computedByUpdate: ['properties.host'] };
  const inputs = { identity: { type: 'SystemAssigned' }, properties: { tier: 1 }, tags: { a: '1' } };
  const outputs = {
    ...inputs,
    name: 'n',
    identity: { type: 'SystemAssigned', principalId: 'p' },
    properties: { tier: 1, host: 'h', region: 'eu' },
  };

  it('a preview knows the inputs and nothing that the service decides', () => {
    expect(previewOfCreate(type, inputs)).toEqual({
      ...inputs,
      name: unknownValue,
      identity: { type: 'SystemAssigned', principalId: unknownValue },
      properties: { tier: 1, host: unknownValue },
    });
    expect(previewOfCreate(type, { properties: unknownValue })).toEqual({ name: unknownValue, properties: unknownValue });
    expect(previewOfUpdate(type, outputs, { ...inputs, properties: { tier: 2 } })).toEqual({
      ...inputs,
      name: 'n',
      identity: outputs.identity,
      properties: { tier: 2, host: unknownValue },
    });
  });
  it('what somebody changed becomes an input, what the service answered does not', () => {
    expect(inputsAfterDrift(type, inputs, outputs, outputs)).toEqual(inputs);
    expect(
      inputsAfterDrift(type, inputs, outputs, {
        ...outputs,
        name: 'other',
        properties: { tier: 3, host: 'other', region: 'eu' },
        tags: { b: '2' },
      }),
    ).toEqual({ ...inputs, properties: { tier: 3 }, tags: { b: '2' } });
    expect(inputsAfterDrift(type, { list: [{ a: 1 }] }, { list: [{ a: 1, id: 'x' }] }, { list: [{ a: 2, id: 'x' }, { a: 3 }] })).toEqual({
      list: [{ a: 2 }, { a: 3 }],
    });
  });
  it('an imported resource is declared by what the service does not decide, with its identities as a list', () => {
    expect(
      inputsFromOutputs(type, { ...outputs, identity: { userAssignedIdentities: { '/id': { clientId: 'c' } }, principalId: 'p' } }),
    ).toEqual({ identity: { userAssignedIdentities: ['/id'] }, properties: { tier: 1, region: 'eu' }, tags: { a: '1' } });
  });
});
