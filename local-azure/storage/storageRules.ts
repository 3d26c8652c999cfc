import { checkInputs, type InputRule } from '../region/checks';
import type { CheckFailure, Properties } from '../region/resourceType';

export const groupRule: InputRule = { property: 'resourceGroupName', required: true, expected: 'the resource group of the account' };
export const accountRule: InputRule = {
  property: 'accountName',
  required: true,
  pattern: /^[a-z0-9]{3,24}$/,
  expected: '3 to 24 lower case letters and digits',
};

export const accountRules: readonly InputRule[] = [
  groupRule,
  accountRule,
  { property: 'location', required: true, expected: 'an Azure location' },
  {
    property: 'kind',
    required: true,
    allowed: ['StorageV2', 'BlobStorage', 'BlockBlobStorage', 'Storage'],
    expected: 'StorageV2, BlobStorage, BlockBlobStorage or Storage',
  },
  {
    property: 'sku.name',
    required: true,
    pattern: /^(?:Standard_(?:LRS|GRS|RAGRS|ZRS|GZRS|RAGZRS)|Premium_(?:LRS|ZRS))$/,
    expected: 'a sku such as Standard_LRS or Standard_ZRS',
  },
  { property: 'accessTier', allowed: ['Hot', 'Cool', 'Cold', 'Premium'], expected: 'Hot, Cool, Cold or Premium' },
  { property: 'minimumTlsVersion', allowed: ['TLS1_0', 'TLS1_1', 'TLS1_2', 'TLS1_3'], expected: 'TLS1_2 or TLS1_3' },
  {
    property: 'publicNetworkAccess',
    allowed: ['Enabled', 'Disabled', 'SecuredByPerimeter'],
    expected: 'Enabled, Disabled or SecuredByPerimeter',
  },
  { property: 'isHnsEnabled', allowed: [false], expected: 'false: the local region has no hierarchical namespaces' },
];

/** Recovery days of a soft-delete policy, as the service limits them. */
export function checkRetention(inputs: Properties, property: string): CheckFailure[] {
  const policy = inputs[property] as { enabled?: unknown; days?: unknown } | undefined;
  if (
    policy?.enabled !== true ||
    (typeof policy.days === 'number' && policy.days >= 1 && policy.days <= 365) ||
    typeof policy.days === 'string'
  )
    return [];
  return [
    {
      property: `${property}.days`,
      reason: `${property}.days is ${JSON.stringify(policy.days)}: expected 1 to 365 when the policy is enabled`,
    },
  ];
}

export function checkPolicy(inputs: Properties): CheckFailure[] {
  const { rules } = (inputs['policy'] ?? {}) as { rules?: unknown };
  if (typeof rules === 'string') return [];
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > 100)
    return [{ property: 'policy.rules', reason: 'policy.rules: expected 1 to 100 rules' }];
  return rules.flatMap((rule, index) =>
    checkInputs(rule as Properties, [
      { property: 'name', required: true, pattern: /^[A-Za-z0-9-]{1,256}$/, expected: 'letters, digits and dashes' },
      { property: 'type', required: true, allowed: ['Lifecycle'], expected: 'Lifecycle' },
      { property: 'definition.actions', required: true, expected: 'what the rule does' },
      { property: 'definition.filters.blobTypes', required: true, expected: 'the blob types the rule is for' },
    ]).map(({ property, reason }) => ({ property: `policy.rules[${index}].${property}`, reason: `policy.rules[${index}]: ${reason}` })),
  );
}
