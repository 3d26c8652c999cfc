import { at, holdsPlatform, isKind, keyOf, listAt, ofKind, type DeclaredResource, type Kind } from '../declaredResource';
import { between, demanding, demandingInProduction, is, oneOf, present, type Rule } from '../rule';

const pillar = 'cost optimization';
const seconds = (duration: unknown): number => {
  const [, hours = '0', minutes = '0', rest = '0'] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(String(duration)) ?? [undefined, 'NaN'];
  return Number(hours) * 3_600 + Number(minutes) * 60 + Number(rest);
};

/** How many of a kind a stack needs at most. */
const needed: Readonly<Partial<Record<Kind, number>>> = {
  LogAnalytics: 1,
  ApplicationInsights: 1,
  MonitorWorkspace: 1,
  Registry: 1,
  MachineLearning: 1,
  Compute: 1,
  IotHub: 1,
  EventHubs: 1,
  RunEnvironment: 1,
  StorageAccount: 3,
  Vault: 2,
  ContainerApp: 2,
};
const accountsWithLifecycle = (resources: readonly DeclaredResource[]) =>
  new Set(
    ofKind(resources, 'Lifecycle')
      .filter(({ props }) => listAt(props, 'policy.rules').some((rule) => at(rule, 'enabled') === true))
      .flatMap(({ madeOf }) => madeOf['accountName'] ?? []),
  );

export const costRules: readonly Rule[] = [
  demanding(
    {
      name: 'logs-bounded',
      pillar,
      description: 'The log workspace keeps what can be asked for a set time and stops at a daily volume.',
      reason: 'Retention beyond the free days and a program that prints too much are what a log bill is made of.',
    },
    between('LogAnalytics', 'retentionInDays', 30, 730),
    between('LogAnalytics', 'workspaceCapping.dailyQuotaGb', 0.1, 10_000),
    is('LogAnalytics', 'sku.name', 'PerGB2018'),
  ),
  {
    name: 'logs-archived',
    pillar,
    description: 'Tables whose rows are seldom asked for have the Basic plan or a time in the archive of their own.',
    reason: 'Access logs are most of the volume and least of the questions.',
    judgeStack: (resources) => {
      const workspaces = ofKind(resources, 'LogAnalytics');
      const set = ofKind(resources, 'LogTable').filter(
        ({ props }) =>
          typeof props['totalRetentionInDays'] === 'number' &&
          (props['plan'] === 'Basic' || (props['plan'] === 'Analytics' && typeof props['retentionInDays'] === 'number')),
      );
      return [
        ...ofKind(resources, 'LogTable')
          .filter((table) => !set.includes(table))
          .map(({ name }) => `${name}: expected plan Basic, or Analytics with retentionInDays, and totalRetentionInDays`),
        ...(workspaces.length > 0 && !set.some(({ props }) => props['tableName'] === 'StorageBlobLogs')
          ? ['StorageBlobLogs: no table setting']
          : []),
      ];
    },
  },
  {
    name: 'blobs-age',
    pillar,
    description: 'In every account blobs get cheaper or go as they age.',
    reason: 'Raw and recycled data only grow.',
    judgeStack: (resources) => {
      const aged = accountsWithLifecycle(resources);
      // Models of the workspace are kept: each is small, and the catalog names it for good.
      return ofKind(resources, 'StorageAccount')
        .filter((account) => !aged.has(keyOf(account)) && account.name === 'data')
        .map(({ name }) => `${name}: no enabled lifecycle rule`);
    },
  },
  demandingInProduction(
    {
      name: 'registry-tidied',
      pillar,
      description: 'In production manifests without a tag leave a registry whose tier can do so.',
      reason: 'Every build leaves one behind, and the registry bills what it stores.',
    },
    is('PremiumRegistry', 'policies.retentionPolicy.status', 'enabled'),
    between('PremiumRegistry', 'policies.retentionPolicy.days', 1, 365),
  ),
  demanding(
    {
      name: 'nothing-runs-idle',
      pillar,
      description: 'Training nodes and jobs cost nothing while there is no work.',
      reason: 'A loop trains for minutes a day.',
    },
    is('Compute', 'properties.properties.scaleSettings.minNodeCount', 0),
    {
      kind: 'Compute',
      path: 'properties.properties.scaleSettings.nodeIdleTimeBeforeScaleDown',
      expected: 'a duration of at most half an hour',
      holds: (value) => seconds(value) >= 60 && seconds(value) <= 1_800,
    },
    is('Job', 'configuration.eventTriggerConfig.scale.minExecutions', 0),
    is('Job', 'workloadProfileName', 'Consumption'),
    is('ContainerApp', 'workloadProfileName', 'Consumption'),
  ),
  {
    name: 'nothing-needless',
    pillar,
    description: 'A stack has no more of a service than the loop needs.',
    reason: 'Every further workspace, vault or registry costs and is looked after.',
    judgeStack: (resources) =>
      Object.entries(needed).flatMap(([kind, most]) => {
        const found = resources.filter((resource) => isKind(resource, kind as Kind)).length;
        return found > most ? [`${found} of ${kind}, expected at most ${most}`] : [];
      }),
  },
  demanding(
    {
      name: 'dependents-modest',
      pillar,
      description: 'Vaults, registry and accounts have the tier that the stack asked for, no dearer kind.',
      reason: 'A premium vault or a premium account is paid for what the loop does not use.',
    },
    oneOf('Registry', 'sku.name', 'Basic', 'Standard', 'Premium'),
    is('Vault', 'properties.sku.name', 'standard'),
    is('StorageAccount', 'kind', 'StorageV2'),
    is('StorageAccount', 'accessTier', 'Hot'),
    is('MachineLearning', 'sku.name', 'Basic'),
  ),
  {
    name: 'budget-told',
    pillar,
    description: 'A monthly budget tells at 80 and at 100 per cent.',
    reason: 'A cost that grew is seen before the month is over.',
    judgeStack: (resources) => {
      const budgets = ofKind(resources, 'Budget');
      return budgets.length === 0 && holdsPlatform(resources)
        ? ['no budget, expected one']
        : budgets.flatMap(({ name, props }) => {
            const thresholds = Object.values((props['notifications'] ?? {}) as Record<string, unknown>)
              .filter(
                (notification) =>
                  at(notification, 'enabled') === true &&
                  listAt(notification, 'contactGroups').length + listAt(notification, 'contactEmails').length > 0,
              )
              .map((notification) => at(notification, 'threshold'));
            return [
              ...[80, 100]
                .filter((threshold) => !thresholds.includes(threshold))
                .map((threshold) => `${name}: nobody is told at ${threshold} %`),
              ...(Number(props['amount']) > 0 ? [] : [`${name}: amount is ${String(props['amount'])}, expected more than 0`]),
              ...(props['scope'] === undefined ? [`${name}: counts nothing, expected scope`] : []),
              ...(props['timeGrain'] === 'Monthly' ? [] : [`${name}: timeGrain is ${String(props['timeGrain'])}, expected Monthly`]),
            ];
          });
    },
  },
  demanding(
    {
      name: 'messages-batched',
      pillar,
      description: 'Inference data leave the factory in batches.',
      reason: 'Every request is paid, and a batch is one.',
    },
    between('EdgeSite', 'env.BATCH_MAX_RECORDS', 100, 50_000),
    between('EdgeSite', 'env.BATCH_IDLE_MS', 1_000, 3_600_000),
    between('EdgeSite', 'env.TELEMETRY_INTERVAL_MS', 1_000, 3_600_000),
  ),
  demanding(
    {
      name: 'hub-paid-by-tier',
      pillar,
      description: 'The hub has a tier and a number of units, chosen for the expected load.',
      reason: 'A unit of S3 costs a hundred units of S1.',
    },
    between('IotHub', 'sku.capacity', 1, 200),
    present('IotHub', 'sku.name', 'S1, S2 or S3'),
  ),
];
