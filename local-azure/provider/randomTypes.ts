import { randomInt, randomUUID } from 'node:crypto';
import type { RegionContext } from '../region/regionContext';
import { checkInputs } from '../region/checks';
import type { Properties, ProviderPart, ResourceType } from '../region/resourceType';

/** The value of one resource; `inputs` as they were, so that the same declaration keeps its value. */
interface StoredValue {
  readonly inputs: string;
  readonly outputs: Properties;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
const classes = { lower: letters, upper: letters.toUpperCase(), numeric: '0123456789', special: '!@#$%&*()-_=+[]{}<>:?' } as const;
type CharacterClass = keyof typeof classes;
const minimumOf = { lower: 'minLower', upper: 'minUpper', numeric: 'minNumeric', special: 'minSpecial' } as const;

function shuffled(characters: string[]): string {
  for (let index = characters.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    [characters[index], characters[other]] = [characters[other] as string, characters[index] as string];
  }
  return characters.join('');
}

/** A random string of the classes that are on, with at least the asked number of each. */
export function randomString(inputs: Properties): string {
  const on = (name: CharacterClass) =>
    (name === 'numeric' ? (inputs['numeric'] ?? inputs['number'] ?? true) : (inputs[name] ?? true)) === true;
  const charactersOf = (name: CharacterClass) =>
    name === 'special' && typeof inputs['overrideSpecial'] === 'string' ? inputs['overrideSpecial'] : classes[name];
  const names = (Object.keys(classes) as CharacterClass[]).filter(on);
  const pick = (from: string) => from[randomInt(from.length)] as string;
  const all = names.map(charactersOf).join('');
  const required = names.flatMap((name) => Array.from({ length: Number(inputs[minimumOf[name]] ?? 0) }, () => pick(charactersOf(name))));
  return shuffled([...required, ...Array.from({ length: Number(inputs['length']) - required.length }, () => pick(all))]);
}

const stringDefaults = {
  lower: true,
  upper: true,
  number: true,
  numeric: true,
  special: true,
  minLower: 0,
  minUpper: 0,
  minNumeric: 0,
  minSpecial: 0,
};

/** Values that live as long as their resource. */
export function randomTypes(context: Pick<RegionContext, 'openStore'>): ProviderPart {
  const stored = context.openStore<StoredValue>('provider/random');
  const type = (
    token: string,
    replaceOn: readonly string[],
    check: ResourceType['check'],
    generate: (inputs: Properties) => Properties & { result: string },
    imported: (id: string) => Properties,
  ): ResourceType => ({
    token,
    check,
    computed: ['result'],
    replaceOn: Object.fromEntries(replaceOn.map((input) => [input, 'random: a value is made once'])),
    async create({ urn, inputs }) {
      const asked = JSON.stringify(inputs);
      const before = stored.get(urn);
      const outputs = before?.inputs === asked ? before.outputs : generate(inputs);
      stored.set(urn, { inputs: asked, outputs });
      return { id: String(outputs['result']), outputs };
    },
    // A value lives in the state of its stack; there is nobody else to ask. One that is imported is its id.
    read: async (id, known) => [...stored.values()].find(({ outputs }) => outputs['result'] === id)?.outputs ?? known ?? imported(id),
    update: async (_id, { inputs, old }) => ({ ...old, ...inputs }),
    async delete(id) {
      for (const [urn, { outputs }] of [...stored.entries()]) if (outputs['result'] === id) stored.delete(urn);
    },
  });
  return {
    resources: [
      type(
        'random:index/randomString:RandomString',
        ['keepers', 'length', 'lower', 'upper', 'number', 'numeric', 'special', 'overrideSpecial', ...Object.values(minimumOf)],
        ({ inputs }) => {
          const failures = checkInputs(inputs, [{ property: 'length', required: true, expected: 'a length of at least 1' }]);
          const { length } = inputs;
          if (typeof length === 'number' && (!Number.isInteger(length) || length < 1))
            failures.push({ property: 'length', reason: `length is ${length}: expected a whole number of at least 1` });
          const minimum = Object.values(minimumOf).reduce((sum, minimumInput) => sum + Number(inputs[minimumInput] ?? 0), 0);
          if (typeof length === 'number' && minimum > length)
            failures.push({ property: 'length', reason: `length is ${length}: expected at least the sum of the minimums, ${minimum}` });
          const classesOff =
            inputs['lower'] === false &&
            inputs['upper'] === false &&
            inputs['special'] === false &&
            (inputs['numeric'] ?? inputs['number']) === false;
          if (classesOff) failures.push({ property: 'lower', reason: 'every class of characters is off: expected at least one' });
          return { inputs, failures };
        },
        (inputs) => ({ ...stringDefaults, ...inputs, result: randomString(inputs) }),
        (id) => ({ ...stringDefaults, length: id.length, result: id }),
      ),
      type(
        'random:index/randomUuid:RandomUuid',
        ['keepers'],
        ({ inputs }) => ({ inputs, failures: [] }),
        (inputs) => ({ ...inputs, result: randomUUID() }),
        (id) => ({ result: id }),
      ),
    ],
    functions: [],
  };
}
