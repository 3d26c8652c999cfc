import type { KeyVault } from './keyVault';
import { VaultError } from './vault';
import { armId } from '../region/armId';
import { checkInputs, inputAt } from '../region/checks';
import {
  ResourceError,
  unknownValue,
  type CheckFailure,
  type Properties,
  type ProviderPart,
  type ResourceType,
} from '../region/resourceType';

const apiVersion = '2026-02-01';
const servedTypes = ['Microsoft.KeyVault/vaults'];

function checkVault(inputs: Properties): CheckFailure[] {
  const failures = checkInputs(inputs, [
    { property: 'resourceGroupName', required: true, expected: 'the resource group of the vault' },
    {
      property: 'resourceName',
      required: true,
      pattern: /^(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$/,
      expected: 'a vault name of 3 to 24 letters, digits and single dashes, beginning with a letter',
    },
    { property: 'location', required: true, expected: 'an Azure location' },
    { property: 'apiVersion', required: true, allowed: [apiVersion], expected: `${apiVersion}, the control-plane version that stays` },
    { property: 'properties.tenantId', required: true, expected: 'the tenant of the vault' },
    { property: 'properties.sku.family', required: true, allowed: ['A'], expected: 'A' },
    { property: 'properties.sku.name', required: true, allowed: ['standard', 'premium'], expected: 'standard or premium' },
    {
      property: 'properties.enableRbacAuthorization',
      required: true,
      allowed: [true],
      expected: 'true: the local region evaluates role assignments, not access policies',
    },
    { property: 'properties.enableSoftDelete', allowed: [true], expected: 'true: soft delete cannot be turned off' },
    { property: 'properties.enablePurgeProtection', allowed: [true], expected: 'true or left out: false is refused by Key Vault' },
  ]);
  const days = inputAt(inputs, 'properties.softDeleteRetentionInDays');
  if (typeof days === 'number' && (days < 7 || days > 90))
    failures.push({
      property: 'properties.softDeleteRetentionInDays',
      reason: `properties.softDeleteRetentionInDays is ${days}: expected 7 to 90`,
    });
  return failures;
}

/** The generic resource of Resource Manager; the region serves vaults through it. */
export function keyVaultTypes(keyVault: KeyVault): ProviderPart {
  const outputsOf = (id: string, inputs?: Properties): Properties | undefined => {
    const vault = keyVault.vault(id);
    if (!vault) return undefined;
    const properties = {
      enableSoftDelete: true,
      softDeleteRetentionInDays: 90,
      ...vault.properties,
      vaultUri: vault.vaultUri,
      provisioningState: 'Succeeded',
    };
    return {
      ...inputs,
      name: vault.name,
      location: vault.location,
      tags: vault.tags,
      type: 'Microsoft.KeyVault/vaults',
      azureApiVersion: apiVersion,
      properties,
    };
  };
  const put = async (inputs: Properties): Promise<{ id: string; outputs: Properties }> => {
    const name = String(inputs['resourceName']);
    const id = armId(String(inputs['resourceGroupName']), 'Microsoft.KeyVault/vaults', name);
    const before = keyVault.vault(id)?.properties['softDeleteRetentionInDays'] ?? 90;
    const properties = (inputs['properties'] ?? {}) as Properties;
    if (keyVault.vault(id) && (properties['softDeleteRetentionInDays'] ?? 90) !== before)
      throw new ResourceError(
        'BadRequest',
        `The property "softDeleteRetentionInDays" has been set already and it can't be modified (it is ${String(before)}).`,
      );
    try {
      await keyVault.putVault({
        id,
        name,
        location: String(inputs['location']),
        properties,
        ...(inputs['tags'] === undefined ? {} : { tags: inputs['tags'] as Record<string, string> }),
      });
    } catch (error) {
      throw error instanceof VaultError ? new ResourceError(error.code, error.message) : error;
    }
    return { id, outputs: outputsOf(id, inputs) ?? {} };
  };
  const vault: ResourceType = {
    token: 'azure-native:resources:Resource',
    identifiedBy: ['resourceGroupName', 'resourceProviderNamespace', 'parentResourcePath', 'resourceType', 'resourceName'],
    computed: ['name', 'type', 'azureApiVersion', 'properties.vaultUri', 'properties.provisioningState'],
    replaceOn: Object.fromEntries(
      ['resourceGroupName', 'resourceName', 'resourceProviderNamespace', 'resourceType', 'parentResourcePath', 'location'].map((input) => [
        input,
        'Resource Manager: part of the resource id, or fixed at creation',
      ]),
    ),
    check: ({ inputs }) => {
      const type = `${String(inputs['resourceProviderNamespace'])}/${String(inputs['resourceType'])}`;
      const unknown = [inputs['resourceProviderNamespace'], inputs['resourceType']].includes(unknownValue);
      if (!unknown && !servedTypes.includes(type))
        return {
          inputs,
          failures: [
            {
              property: 'resourceType',
              reason: `the generic resource ${type} is not served by the local region: it has ${servedTypes.join(', ')}`,
            },
          ],
        };
      return { inputs, failures: checkVault(inputs) };
    },
    create: async ({ inputs }) => put(inputs),
    read: async (id) => outputsOf(id),
    update: async (_id, { inputs }) => (await put(inputs)).outputs,
    delete: async (id) => keyVault.deleteVault(id),
  };
  return { resources: [vault], functions: [] };
}
