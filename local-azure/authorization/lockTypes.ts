import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { partOfId } from '../region/armId';
import { checkInputs } from '../region/checks';
import { storedType } from '../region/storedType';
import { ResourceError, type Properties, type ProviderPart, type ResourceType } from '../region/resourceType';

const token = 'azure-native:authorization:ManagementLockByScope';
const levels = ['CanNotDelete', 'ReadOnly'];

/** Management locks: what they hold is in `withLocks`. */
export function lockTypes(locks: AppendOnlyStore<Properties>): ProviderPart {
  const put = (inputs: Properties) => {
    const scope = String(inputs['scope']).replace(/\/+$/, '');
    const id = `${scope}/providers/Microsoft.Authorization/locks/${String(inputs['lockName'])}`;
    const outputs = { ...inputs, scope, name: inputs['lockName'], type: 'Microsoft.Authorization/locks', azureApiVersion: '2020-05-01' };
    return { id, outputs };
  };
  const lock = storedType(
    {
      token,
      replaceOn: { scope: partOfId, lockName: partOfId },
      failures: (inputs) =>
        checkInputs(inputs, [
          { property: 'scope', required: true, pattern: /^\/subscriptions\//i, expected: 'the ARM id of what is locked' },
          {
            property: 'lockName',
            required: true,
            pattern: /^[^<>%&?/\\]{1,260}$/,
            expected: 'a name of 1 to 260 characters without < > % & ? / and \\',
          },
          { property: 'level', required: true, allowed: levels, expected: levels.join(' or ') },
          { property: 'notes', pattern: /^.{0,512}$/s, expected: 'at most 512 characters' },
        ]),
      put,
    },
    locks,
  );
  return { resources: [lock], functions: [] };
}

/** Refuses what a lock at the resource or above it forbids. */
function guarded(type: ResourceType, locks: AppendOnlyStore<Properties>): ResourceType {
  const refuse = (id: string, doing: 'delete' | 'write', forbidding: readonly string[]) => {
    const scopes = [...locks.entries()]
      .map(([, lock]) => lock)
      .filter(({ level }) => forbidding.includes(String(level)))
      .map(({ scope }) => String(scope));
    const locked = scopes.find((scope) => `${id.toLowerCase()}/`.startsWith(`${scope.toLowerCase()}/`));
    if (locked !== undefined)
      throw new ResourceError(
        'ScopeLocked',
        `The scope '${id}' cannot perform ${doing} operation because following scope(s) are locked: '${locked}'.`,
        'Remove the lock and try again.',
      );
  };
  return {
    ...type,
    update: async (id, request) => {
      refuse(id, 'write', ['ReadOnly']);
      return type.update(id, request);
    },
    delete: async (id, old) => {
      refuse(id, 'delete', levels);
      return type.delete(id, old);
    },
  };
}

/** Every type, held by the locks; a lock itself can always be taken away. */
export const withLocks = (parts: readonly ProviderPart[], locks: AppendOnlyStore<Properties>): ProviderPart[] =>
  parts.map(({ resources, functions }) => ({
    functions,
    resources: resources.map((type) => (type.token === token ? type : guarded(type, locks))),
  }));
