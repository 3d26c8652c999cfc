import type { Catalogue } from './catalogue';
import { differenceOf, type Difference } from './propertyDiff';
import { inputsAfterDrift, inputsFromOutputs, previewOfCreate, previewOfUpdate } from './resourceState';
import { ResourceError, unknownValue, type CheckFailure, type Properties, type ResourceType } from '../region/resourceType';
import { secretPaths, secretTexts, withoutSecretEnvelopes, withSecretEnvelopes } from './secretValues';

/** Values as the engine sends and keeps them: with secret envelopes. */
export type EngineValues = Properties;
interface Addressed {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
}

/** Marks of values that are not known yet, one for each kind of value. */
const unknownMarks = new Set([
  unknownValue,
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
]);
function withOneUnknown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOneUnknown);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withOneUnknown(inner)]));
  return typeof value === 'string' && unknownMarks.has(value) ? unknownValue : value;
}
const plain = (values: EngineValues): Properties => withOneUnknown(withoutSecretEnvelopes(values)) as Properties;
const hasUnknown = (values: Properties) => JSON.stringify(values).includes(unknownValue);

/** Outputs with envelopes around everything that is, or repeats, something secret of the inputs. */
function sealed(type: Pick<ResourceType, 'echoes'>, outputs: Properties, ...sources: readonly EngineValues[]): EngineValues {
  const paths = sources.flatMap((source) => secretPaths(source));
  const echoes = paths.length > 0 ? (type.echoes ?? []).map((echo) => [echo]) : [];
  return withSecretEnvelopes(
    outputs,
    [...paths, ...echoes],
    sources.flatMap((source) => secretTexts(source)),
  ) as EngineValues;
}

/** What the engine asks of a provider, on the resource types of the region. */
export class EngineProvider {
  constructor(private readonly catalogue: Catalogue) {}

  private typeOf(token: string): ResourceType {
    const found = this.catalogue.resource(token);
    if (!found)
      throw new ResourceError(
        'ResourceTypeNotSupported',
        `the local region has no ${token}.`,
        `It has ${this.catalogue.tokens.join(', ')}.`,
      );
    return found;
  }

  check(
    { type: token, name }: Addressed,
    news: EngineValues,
  ): { readonly inputs: EngineValues; readonly failures: readonly CheckFailure[] } {
    const given = plain(news);
    const { inputs, failures } = this.typeOf(token).check({ name, inputs: given, preview: hasUnknown(given) });
    return { inputs: sealed({}, inputs, news), failures };
  }

  diff({ type }: Addressed, oldInputs: EngineValues, news: EngineValues, ignoreChanges: readonly string[]): Difference {
    return differenceOf(plain(oldInputs), plain(news), this.typeOf(type), ignoreChanges);
  }

  async create(
    { type: token, name, urn }: Addressed,
    news: EngineValues,
    preview: boolean,
  ): Promise<{ readonly id: string; readonly outputs: EngineValues }> {
    const type = this.typeOf(token);
    const inputs = plain(news);
    if (preview) return { id: '', outputs: sealed(type, previewOfCreate(type, inputs), news) };
    const { id } = await type.create({ name, urn, inputs });
    const outputs = await type.read(id);
    if (outputs === undefined) throw new ResourceError('ResourceNotFound', `${id} cannot be read after its creation.`);
    return { id, outputs: sealed(type, outputs, news) };
  }

  async read(
    { type: token }: Addressed,
    id: string,
    known: { readonly outputs: EngineValues; readonly inputs: EngineValues },
  ): Promise<{ readonly outputs: EngineValues; readonly inputs: EngineValues } | undefined> {
    const type = this.typeOf(token);
    const before = plain(known.outputs);
    const imported = Object.keys(known.inputs).length === 0;
    const outputs = await type.read(id, imported ? undefined : before);
    if (outputs === undefined) return undefined;
    const inputs = imported ? inputsFromOutputs(type, outputs) : inputsAfterDrift(type, plain(known.inputs), before, outputs);
    return { outputs: sealed(type, outputs, known.inputs, known.outputs), inputs: sealed({}, inputs, known.inputs) };
  }

  async update(
    { type: token, name, urn }: Addressed,
    id: string,
    olds: EngineValues,
    news: EngineValues,
    preview: boolean,
  ): Promise<EngineValues> {
    const type = this.typeOf(token);
    const [old, inputs] = [plain(olds), plain(news)];
    if (preview) return sealed(type, previewOfUpdate(type, old, inputs), news);
    const updated = await type.update(id, { name, urn, inputs, old });
    return sealed(type, (await type.read(id, updated)) ?? updated, news);
  }

  async delete({ type }: Addressed, id: string, olds: EngineValues): Promise<void> {
    await this.typeOf(type).delete(id, plain(olds));
  }

  async invoke(token: string, args: EngineValues): Promise<EngineValues> {
    const found = this.catalogue.function(token);
    if (!found) throw new ResourceError('FunctionNotSupported', `the local region has no function ${token}.`);
    return sealed({}, await found.invoke(plain(args)), args);
  }
}
