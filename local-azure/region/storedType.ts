import type { AppendOnlyStore } from './appendOnlyStore';
import type { CheckFailure, Properties, ResourceType } from './resourceType';

/** A resource type with ids and outputs of its own making, which are kept as they were answered. Where ARM's usual path is the id, `declaredType` does more. */
export interface StoredType extends Pick<ResourceType, 'token' | 'replaceOn' | 'identifiedBy' | 'computed'> {
  readonly failures: (inputs: Properties) => CheckFailure[];
  readonly put: (inputs: Properties) => Promise<StoredResource> | StoredResource;
  /** What the service has now, given what it answered when it was declared; nothing once it is gone there. */
  readonly live?: (id: string, answered: Properties) => Promise<Properties | undefined> | Properties | undefined;
  readonly remove?: (id: string) => Promise<void> | void;
}
interface StoredResource {
  readonly id: string;
  readonly outputs: Properties;
}

export function storedType({ failures, put, live, remove, ...type }: StoredType, store: AppendOnlyStore<Properties>): ResourceType {
  const putAndStore = async (inputs: Properties): Promise<StoredResource> => {
    const resource = await put(inputs);
    store.set(resource.id.toLowerCase(), resource.outputs);
    return resource;
  };
  return {
    ...type,
    check: ({ inputs }) => ({ inputs, failures: failures(inputs) }),
    create: ({ inputs }) => putAndStore(inputs),
    read: async (id) => {
      const answered = store.get(id.toLowerCase());
      return answered && live ? live(id, answered) : answered;
    },
    update: async (_id, { inputs }) => (await putAndStore(inputs)).outputs,
    delete: async (id) => {
      await remove?.(id);
      store.delete(id.toLowerCase());
    },
  };
}

/** What was declared below a resource goes with it. */
export function forgetBelow(store: AppendOnlyStore<Properties>, id: string): void {
  for (const key of [...store.entries()].map(([key]) => key)) if (key.startsWith(`${id.toLowerCase()}/`)) store.delete(key);
}
