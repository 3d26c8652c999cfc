import { at, holdsPlatform, isKind, keyOf, listAt, ofKind, type Kind } from '../declaredResource';
import { between, demanding, is, oneOf, present, type Rule } from '../rule';

const pillar = 'performance efficiency';
/** Kinds that have logs; a registry or workspace of somebody else's is looked after there. */
const logged: readonly Kind[] = [
  'EventHubs',
  'IotHub',
  'LogAnalytics',
  'MachineLearning',
  'Registry',
  'RunEnvironment',
  'StorageAccount',
  'SystemTopic',
  'Vault',
];
const maxUnits: Readonly<Record<string, number>> = { S1: 200, S2: 200, S3: 10 };

export const performanceRules: readonly Rule[] = [
  demanding(
    {
      name: 'hub-standard-tier',
      pillar,
      description: 'The hub has a Standard tier.',
      reason: 'Basic has no cloud-to-device messages, which a delivery is made of; the free tier stops at 8,000 messages a day.',
    },
    oneOf('IotHub', 'sku.name', 'S1', 'S2', 'S3'),
  ),
  {
    name: 'hub-units-exist',
    pillar,
    description: 'The tier has as many units as are asked for.',
    reason: 'S3 ends at ten units, and a deployment would stop there.',
    judge: (resource) => {
      const [most, units] = [maxUnits[String(at(resource.props, 'sku.name'))] ?? 0, Number(at(resource.props, 'sku.capacity'))];
      return !isKind(resource, 'IotHub') || (units >= 1 && units <= most)
        ? []
        : [`${resource.name}: sku.capacity is ${units}, expected 1 to ${most}`];
    },
  },
  demanding(
    {
      name: 'cluster-trains',
      pillar,
      description: 'A compute cluster trains, never a compute instance, and it can grow.',
      reason: 'A cluster follows the work; an instance is paid while nobody works.',
    },
    is('Compute', 'properties.computeType', 'AmlCompute'),
    between('Compute', 'properties.properties.scaleSettings.maxNodeCount', 1, 100),
    present('Compute', 'properties.properties.vmSize', 'a virtual machine size'),
    oneOf('Compute', 'properties.properties.vmPriority', 'Dedicated', 'LowPriority'),
  ),
  {
    name: 'everything-logged',
    pillar,
    description: 'Every resource that has logs sends them to the log workspace.',
    reason: 'What is not collected cannot be watched, and collecting begins before the fault.',
    judgeStack: (resources) => {
      const settings = ofKind(resources, 'DiagnosticSetting').filter(
        ({ props }) =>
          props['workspaceId'] !== undefined &&
          props['resourceUri'] !== undefined &&
          listAt(props, 'logs').some((log) => at(log, 'enabled') === true),
      );
      const covered = new Set(settings.flatMap(({ madeOf }) => madeOf['resourceUri'] ?? []));
      return [
        ...ofKind(resources, ...logged)
          .filter((resource) => !covered.has(keyOf(resource)))
          .map(({ name, type }) => `${name} (${type}): no diagnostic setting`),
        ...ofKind(resources, 'DiagnosticSetting')
          .filter((resource) => !settings.includes(resource))
          .map(({ name }) => `${name}: expected resourceUri, workspaceId and an enabled log`),
      ];
    },
  },
  {
    name: 'nodes-watched',
    pillar,
    description: 'Use of the training nodes and waiting jobs are watched, with advice on the node count.',
    reason: 'A cluster that is too small makes the loop slow, one that is too large costs.',
    judgeStack: (resources) =>
      (holdsPlatform(resources) ? ['Active Nodes', 'Queued Runs'] : [])
        .filter(
          (metric) =>
            !ofKind(resources, 'MetricAlert').some(
              ({ props }) =>
                props['enabled'] === true &&
                /maxNodes/.test(String(props['description'])) &&
                listAt(props, 'criteria.allOf').some(
                  (criterion) => at(criterion, 'metricName') === metric && at(criterion, 'threshold') !== undefined,
                ),
            ),
        )
        .map((metric) => `no enabled alert on ${metric} that says what to do about training.maxNodes`),
  },
  demanding(
    {
      name: 'events-parallel',
      pillar,
      description: 'The event hub has partitions and throughput for the expected load.',
      reason: 'Partitions of a Standard namespace cannot be added later.',
    },
    between('EventHub', 'partitionCount', 2, 32),
    between('EventHubs', 'sku.capacity', 1, 40),
    oneOf('EventHubs', 'sku.name', 'Standard'),
  ),
];
