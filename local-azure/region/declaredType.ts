import { createHash } from 'node:crypto';
import type { AppendOnlyStore } from './appendOnlyStore';
import { ArmError } from './serviceInterfaces';
import { armId } from './armId';
import { checkInputs, inputAt, type InputRule } from './checks';
import { type CheckFailure, isObject, type Properties, ResourceError, type ResourceType, unknownValue } from './resourceType';

/** A resource type whose outputs are kept as they were answered; `apply` makes it real in its service. */
export interface DeclaredType {
  readonly token: string;
  /** ARM type; names come from `names`, one input for each of its segments, outermost first. */
  readonly armType: string;
  readonly names: readonly string[];
  readonly apiVersion: string;
  readonly rules?: readonly InputRule[];
  /** Rules over the whole, asked when every input is known. */
  readonly faults?: (inputs: Properties) => readonly CheckFailure[];
  readonly replaceOn?: Readonly<Record<string, string>>;
  readonly idOf?: (inputs: Properties) => string;
  /** Outputs besides the inputs; a nested object is merged into the input of that name. */
  readonly apply?: (id: string, inputs: Properties) => Promise<Properties> | Properties;
  readonly remove?: (id: string) => Promise<void> | void;
  /** What the service has now, given what it answered when it was declared; nothing once it is gone there. Without it the resource is what was declared. */
  readonly live?: (id: string, answered: Properties) => Promise<Properties | undefined> | Properties | undefined;
  /** Outputs of this type that the service decides, besides those that every resource has. */
  readonly computed?: readonly string[];
  readonly computedByUpdate?: readonly string[];
  readonly identifiedBy?: readonly string[];
  /** Whether Azure makes such a resource by itself with its parent: azure-native refuses to create what exists. */
  readonly madeByAzure?: (inputs: Properties) => boolean;
}

/** Why a changed location makes another resource. */
export const fixedLocation = { location: 'REST specification, common types, TrackedResource: x-ms-mutability create and read' };

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const merged = (inputs: Properties, outputs: Properties): Properties => ({
  ...inputs,
  ...Object.fromEntries(
    Object.entries(outputs).map(([key, value]) => [key, isObject(value) && isObject(inputs[key]) ? merged(inputs[key], value) : value]),
  ),
});

/** Pulumi's own rule for a resource without a name: the logical name and eight hex digits, here always the same ones. */
const generatedName = (logicalName: string, token: string) =>
  `${logicalName}${createHash('sha256').update(`${token}\0${logicalName}`).digest('hex').slice(0, 8)}`;
const computedOfEvery = ['name', 'type', 'azureApiVersion', 'provisioningState', 'systemData', 'identity.principalId', 'identity.tenantId'];
const pathParameter = 'a path parameter of the resource: Azure cannot rename or move it';

export function declaredType(type: DeclaredType, declared: AppendOnlyStore<Properties>, now: () => Date): ResourceType {
  const nameInput = type.names.at(-1) ?? 'name';
  const idOf = (inputs: Properties) =>
    type.idOf?.(inputs) ?? armId(text(inputs['resourceGroupName']), type.armType, ...type.names.map((name) => text(inputs[name])));

  async function put(id: string, inputs: Properties): Promise<Properties> {
    const before = declared.get(id.toLowerCase());
    const systemData = {
      createdAt: (before?.['systemData'] as { createdAt?: string } | undefined)?.createdAt ?? now().toISOString(),
      lastModifiedAt: now().toISOString(),
    };
    try {
      const extra = await type.apply?.(id, inputs);
      const outputs = merged(
        {
          ...inputs,
          name: text(inputs[nameInput]),
          type: type.armType,
          azureApiVersion: type.apiVersion,
          provisioningState: 'Succeeded',
          systemData,
        },
        extra ?? {},
      );
      declared.set(id.toLowerCase(), outputs);
      return outputs;
    } catch (error) {
      throw error instanceof ArmError ? new ResourceError(error.code, error.message) : error;
    }
  }

  const identifiedBy = type.identifiedBy ?? [...(type.idOf ? [] : ['resourceGroupName']), ...type.names];
  return {
    token: type.token,
    identifiedBy,
    computed: [...computedOfEvery, ...(type.computed ?? [])].filter((output) => !identifiedBy.includes(output)),
    ...(type.computedByUpdate ? { computedByUpdate: type.computedByUpdate } : {}),
    replaceOn: {
      ...(type.idOf ? {} : { resourceGroupName: pathParameter }),
      ...Object.fromEntries(type.names.map((name) => [name, pathParameter])),
      ...type.replaceOn,
    },
    check: ({ name, inputs: given }) => {
      const inputs = inputAt(given, nameInput) === undefined ? { ...given, [nameInput]: generatedName(name, type.token) } : given;
      const required = [...(type.idOf ? [] : ['resourceGroupName']), ...type.names.slice(0, -1)].map((property): InputRule => ({
        property,
        required: true,
        expected: 'the name of what the resource belongs to',
      }));
      const failures = checkInputs(inputs, [...required, ...(type.rules ?? [])]);
      const known = !JSON.stringify(inputs).includes(unknownValue);
      return { inputs, failures: failures.length === 0 && known ? [...(type.faults?.(inputs) ?? [])] : failures };
    },
    create: async ({ inputs }) => {
      const id = idOf(inputs);
      if (type.madeByAzure?.(inputs) === true)
        throw new ResourceError(
          'ResourceExists',
          `cannot create already existing resource '${id}'.`,
          'Azure makes it with its parent: import it, or set it through a deployment.',
        );
      return { id, outputs: await put(id, inputs) };
    },
    read: async (id) => {
      const answered = declared.get(id.toLowerCase());
      return answered && type.live ? type.live(id, answered) : answered;
    },
    update: async (id, { inputs }) => put(id, inputs),
    delete: async (id) => {
      await type.remove?.(id);
      declared.delete(id.toLowerCase());
    },
  };
}

/** Types of one service, which keeps them in one store. */
export const declaredTypes = (types: readonly DeclaredType[], declared: AppendOnlyStore<Properties>, now: () => Date): ResourceType[] =>
  types.map((type) => declaredType(type, declared, now));
