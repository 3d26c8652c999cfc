import {
  at,
  holdsFactory,
  holdsPlatform,
  isKind,
  keyOf,
  kinds,
  listAt,
  ofKind,
  unknownPlaceholder,
  type DeclaredResource,
  type Kind,
} from '../declaredResource';
import { demanding, demandingInProduction, is, present, type Rule } from '../rule';

const pillar = 'operational excellence';
const byDigest = (image: unknown) => image === unknownPlaceholder || /^[^\s@]+@sha256:[0-9a-f]{64}$/.test(String(image));

/** Kinds that take tags. */
const tagged: readonly Kind[] = [
  'ActionGroup',
  'ApplicationInsights',
  'Compute',
  'ContainerApp',
  'EventHubs',
  'IotHub',
  'Job',
  'LogAlert',
  'LogAnalytics',
  'MachineLearning',
  'MetricAlert',
  'MonitorWorkspace',
  'Registry',
  'ResourceGroup',
  'RunEnvironment',
  'StorageAccount',
  'SystemTopic',
  'UserAssignedIdentity',
  'Vault',
  'Workbook',
];
const tags = ['product', 'factory', 'environment', 'stack'] as const;

/** A simulated site that is up by the clock is away every evening: its telemetry is asked for within its hours, the hub's connected devices are not. */
const sleeps = (resources: readonly DeclaredResource[]) =>
  ofKind(resources, 'EdgeSite').some(({ props }) => at(props, 'template.scale.minReplicas') === 0);
const knowsNoHours = 'device-silent';

/** What an operator must hear of, by the name with which its alert begins. */
const factoryToldAbout: Readonly<Record<string, string>> = {
  delivery: 'a delivery failed or is stuck',
  'device-silent': 'no device is connected',
  'gate-rejected': 'the gate rejected a model',
  'dead-letters': 'an event could not be delivered',
  'telemetry-stopped': 'the edge sends no telemetry',
  certificate: 'a certificate runs out',
  drift: 'the model alarms more than it did',
  'program-failed': 'a program failed',
  'program-stopped': 'a program could not start or was ended',
};
const platformToldAbout: Readonly<Record<string, string>> = {
  'training-failed': 'a training job failed',
  'daily-cap': 'the logs reached their cap',
};

const isAlert = (resource: DeclaredResource) => isKind(resource, 'LogAlert') || isKind(resource, 'MetricAlert');
const callsGroup = ({ madeOf }: DeclaredResource) => (madeOf['actions'] ?? []).some((key) => key.startsWith(`${kinds.ActionGroup} `));
const criteria = ({ props }: DeclaredResource) => listAt(props, 'criteria.allOf');
const asksSomething = (resource: DeclaredResource) =>
  criteria(resource).length > 0 &&
  criteria(resource).every(
    (each) =>
      (at(each, 'query') ?? at(each, 'metricName')) !== undefined &&
      at(each, 'threshold') !== undefined &&
      at(each, 'operator') !== undefined,
  );

/** What Azure says that the query of a log alert may not do. */
const refusedInAlerts: readonly (readonly [string, RegExp])[] = [
  ['union', /\bunion\b/],
  ['search', /\bsearch\b/],
  ['take', /\btake\b/],
  ['limit', /\blimit\b/],
  ['bag_unpack()', /\bbag_unpack\s*\(/],
  ['pivot()', /\bpivot\s*\(/],
  ['narrow()', /\bnarrow\s*\(/],
  ['AggregatedValue', /\bAggregatedValue\b/],
  ['ago() of anything but a timespan', /\bago\s*\((?!\s*\d+(\.\d+)?(d|h|m|s|ms|microsecond|tick)\s*\))/],
];
/** A word in a text or in a comment does nothing. */
const withoutTexts = (query: string) => query.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/\/.*/g, "''");
const queryFault = (query: unknown) => {
  if (query === unknownPlaceholder) return [];
  if (typeof query !== 'string' || query === '') return ['no query'];
  const text = withoutTexts(query);
  return refusedInAlerts.filter(([, pattern]) => pattern.test(text)).map(([what]) => `its query has ${what}, which log alerts refuse`);
};

export const operationRules: readonly Rule[] = [
  {
    name: 'tagged',
    pillar,
    description: 'Every resource says which product, factory, environment and stack it belongs to.',
    reason: 'A resource that belongs to nobody is never changed, moved or paid for on purpose.',
    judge: (resource) =>
      !tagged.some((kind) => isKind(resource, kind))
        ? []
        : tags.filter((tag) => !at(resource.props, `tags.${tag}`)).map((tag) => `${resource.name}: no tag ${tag}`),
  },
  {
    name: 'images-by-digest',
    pillar,
    description: 'What runs is named by its content.',
    reason: 'A tag can be moved; a digest is the same program in every deployment.',
    judge: (resource) => [
      ...(resource.type !== kinds.Job && resource.type !== kinds.ContainerApp
        ? []
        : listAt(resource.props, 'template.containers')
            .filter((container) => !byDigest(at(container, 'image')))
            .map(
              (container) =>
                `${resource.name}: image of ${String(at(container, 'name'))} is ${String(at(container, 'image'))}, expected a digest`,
            )),
      ...(resource.type !== kinds.Environment || byDigest(at(resource.props, 'properties.image'))
        ? []
        : [`${resource.name}: properties.image is ${String(at(resource.props, 'properties.image'))}, expected a digest`]),
    ],
  },
  demandingInProduction(
    {
      name: 'released-by-people',
      pillar,
      description: 'In production a person releases a package.',
      reason: 'A plant decides when its line changes.',
    },
    is('TagJob', 'env.RELEASE', 'approved'),
  ),
  demanding(
    {
      name: 'lineage-known',
      pillar,
      description: 'Every model says which code made it.',
      reason: 'A model that cannot be made again cannot be trusted.',
    },
    present('TagJob', 'env.PIPELINE_VERSION', 'the version of the pipelines'),
    present('TagJob', 'env.SOURCE_COMMIT', 'the commit'),
  ),
  {
    name: 'operators-told',
    pillar,
    description: 'An operator is notified of what stops the loop, with advice.',
    reason: 'The loop runs unattended; silence must not look like health.',
    judgeStack: (resources) => {
      const alerts = resources.filter(isAlert);
      const working = alerts.filter((alert) => alert.props['enabled'] === true && callsGroup(alert) && asksSomething(alert));
      return [
        ...Object.entries({ ...(holdsFactory(resources) ? factoryToldAbout : {}), ...(holdsPlatform(resources) ? platformToldAbout : {}) })
          .filter(
            ([name]) =>
              !(sleeps(resources) && name === knowsNoHours) &&
              !working.some((alert) => alert.name.replace(/^(platform-)?alerts-/, '').startsWith(name)),
          )
          .map(([name, what]) => `${name}: no enabled alert that calls an action group when ${what}`),
        ...alerts
          .filter((alert) => !working.includes(alert))
          .map(({ name }) => `${name}: expected an enabled rule with a criterion that calls an action group`),
        ...alerts.filter(({ props }) => !props['description']).map(({ name }) => `${name}: no advice in its description`),
        ...alerts.filter(({ props }) => typeof props['severity'] !== 'number').map(({ name }) => `${name}: no severity`),
        ...alerts
          .filter(({ props }) => !props['evaluationFrequency'] || !props['windowSize'])
          .map(({ name }) => `${name}: evaluationFrequency and windowSize, expected both`),
        ...ofKind(resources, 'ActionGroup')
          .filter(({ props }) => props['enabled'] !== true)
          .map(({ name }) => `${name}: the action group is not enabled`),
      ];
    },
  },
  {
    name: 'alerts-askable',
    pillar,
    description: 'A log alert asks what Azure lets log alerts ask.',
    reason: 'The query is not tried when the rule is made; one that cannot run never fires.',
    judge: (resource) =>
      isKind(resource, 'LogAlert')
        ? criteria(resource).flatMap((each) => queryFault(at(each, 'query')).map((fault) => `${resource.name}: ${fault}`))
        : [],
  },
  {
    name: 'loop-shown',
    pillar,
    description: 'A workbook shows the loop from its first to its last step.',
    reason: 'Who looks for a fault needs the whole picture first.',
    judgeStack: (resources) => {
      const shown = ofKind(resources, 'Workbook').map(({ props }) => String(props['serializedData'] ?? ''));
      return (holdsFactory(resources) ? ['1a', '5a', '8a', '10', '12', '13c'] : [])
        .filter((step) => !shown.some((content) => content === unknownPlaceholder || content.includes(step)))
        .map((step) => `no workbook shows step ${step}`);
    },
  },
  {
    name: 'programs-logged',
    pillar,
    description: 'What programs print reaches the log workspace without a shared key.',
    reason: 'A job is gone when it has ended; its log is all that is left.',
    judgeStack: (resources) => {
      const logged = new Set(ofKind(resources, 'DiagnosticSetting').flatMap(({ madeOf }) => madeOf['resourceUri'] ?? []));
      return ofKind(resources, 'RunEnvironment').flatMap((environment) => [
        ...(at(environment.props, 'appLogsConfiguration.destination') === 'azure-monitor'
          ? []
          : [
              `${environment.name}: appLogsConfiguration.destination is ${String(at(environment.props, 'appLogsConfiguration.destination'))}, expected "azure-monitor"`,
            ]),
        ...(logged.has(keyOf(environment)) ? [] : [`${environment.name}: no diagnostic setting`]),
      ]);
    },
  },
];
