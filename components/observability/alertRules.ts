import type { ResourceSettings } from '../configuration/effectiveSettings';
import { openMinutes, silenceCountsFrom, type SiteHours } from '../configuration/siteHours';
import type { AlertRule, LogRule, MetricRule } from './alertRule';

type AlertSettings = ResourceSettings['alerts'];

const day = 1_440;
/** One row is enough. */
const anyRowWithin = (windowMinutes: number) => ({ kind: 'log', windowMinutes, operator: 'GreaterThan', threshold: 0 }) as const;

/** What the rules of a factory watch. */
export interface FactorySignals {
  readonly environmentId: string;
  readonly iotHubId: string;
  readonly dataTopicId: string;
  readonly edgeTopicId: string;
  /** Ends of validity of the site's certificates, RFC 3339. */
  readonly certificatesNotAfter: readonly string[];
}

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
/** What a program of the pipelines printed: one JSON object a line. */
const printed = (environmentId: string, program: string, message: readonly string[]) => [
  'ContainerAppConsoleLogs',
  `| where _ResourceId =~ ${quoted(environmentId)}`,
  '| extend entry = parse_json(Log)',
  ...(program === '' ? [] : [`| where tostring(entry.program) == ${quoted(program)}`]),
  `| where tostring(entry.message) in (${message.map(quoted).join(', ')})`,
];
const deadLetters = <Signals>(of: string, resourceId: (signals: Signals) => string): MetricRule<Signals> => ({
  kind: 'metric',
  name: `dead-letters-${of}`,
  title: `Events of ${of} could not be delivered`,
  severity: 1,
  resourceId,
  namespace: 'Microsoft.EventGrid/systemTopics',
  metric: 'DeadLetteredCount',
  aggregation: 'Total',
  windowMinutes: 15,
  operator: 'GreaterThan',
  threshold: 0,
  advice:
    'Events are in the dead-letters container: a step of the loop did not start. Look for a missing role of the topic at the queue, then put the events into the queue again.',
});

/** The earliest end of validity counts: a rotation that nobody finished leaves the site with the certificate that ends first. */
const earliest = (times: readonly string[]) => [...times].sort()[0] ?? '';

/** Where the site is up by the clock a silence counts once it has lasted long enough within its hours. One row is always counted, so that no rows can be asked about together with the time of day. */
function silentInHours(
  rows: readonly string[],
  hours: Exclude<SiteHours, 'always'>,
  silentMinutes: number,
  evaluationMinutes: number,
): string {
  const { days, to } = openMinutes(hours);
  const since = silenceCountsFrom(hours, silentMinutes, evaluationMinutes);
  return [
    ...rows,
    '| summarize rows = count()',
    `| extend local = datetime_utc_to_local(now(), ${quoted(hours.timezone)})`,
    "| extend day = toint(dayofweek(local) / 1d), minute = 60 * datetime_part('hour', local) + datetime_part('minute', local)",
    `| where rows == 0 and day in (${days.join(', ')}) and minute between (${since} .. ${to})`,
  ].join('\n');
}

const deliveryStuck = ({ deliveryStuckMinutes }: AlertSettings): LogRule<FactorySignals> => ({
  // Azure looks back two days at most, and a delivery may take longer: the program tells of every open one each hour, so the latest row of each is within the window.
  ...anyRowWithin(2 * day),
  name: 'delivery',
  title: 'A delivery failed or is stuck',
  severity: 1,
  query: ({ environmentId }) =>
    [
      ...printed(environmentId, 'delivery', ['delivery moved', 'delivery waits']),
      '| summarize arg_max(TimeGenerated, entry) by deliveryId = tostring(entry.deliveryId)',
      '| extend state = tostring(entry.state), moved = todatetime(entry.updatedAt)',
      `| where state in ('Error', 'TimedOut') or (state !in ('Success', 'AwaitingApproval') and moved < ago(${deliveryStuckMinutes}m))`,
    ].join('\n'),
  advice:
    'A package did not reach the AI Model Manager. The record in the deliveries container has its history; the device must be connected, online and within its maintenance window.',
});

/** Nothing goes to the factory until somebody decides, so somebody has to hear of it. */
const releaseWaits: LogRule<FactorySignals> = {
  ...anyRowWithin(60),
  name: 'release-waits',
  title: 'A package waits for approval',
  severity: 3,
  query: ({ environmentId }) =>
    [...printed(environmentId, 'tag-and-deliver', ['released']), "| where tostring(entry.deliveryState) == 'AwaitingApproval'"].join('\n'),
  advice:
    'A model passed the gate and its package is ready. "npm run release -- list" shows it with the figures of the gate; approve or reject it.',
};

const deviceSilent = ({ deviceSilentMinutes }: AlertSettings): MetricRule<FactorySignals> => ({
  kind: 'metric',
  name: 'device-silent',
  title: 'No AI Model Manager is connected',
  severity: 1,
  resourceId: ({ iotHubId }) => iotHubId,
  namespace: 'Microsoft.Devices/IotHubs',
  metric: 'connectedDeviceCount',
  aggregation: 'Maximum',
  windowMinutes: deviceSilentMinutes as 5 | 15 | 30 | 60,
  operator: 'LessThan',
  threshold: 1,
  advice: 'The site does not reach the hub: look at its network, at the certificate of the device, and at whether the device is enabled.',
});

const gateRejected: LogRule<FactorySignals> = {
  ...anyRowWithin(60),
  name: 'gate-rejected',
  title: 'The gate rejected a model',
  severity: 2,
  query: ({ environmentId }) =>
    printed(environmentId, 'validate-and-package', ['the gate refused the model', 'the model is unfit']).join('\n'),
  advice:
    'The line keeps its model. The tags of the model version say which figure failed: look at the data of that version before you change a limit of the gate.',
};

const poisonMessage: LogRule<FactorySignals> = {
  ...anyRowWithin(60),
  name: 'poison-message',
  title: 'A message could not be worked on',
  severity: 2,
  query: ({ environmentId }) => printed(environmentId, '', ['poison message deleted', 'not a delivery, acknowledged']).join('\n'),
  advice: 'A program gave a message up after several attempts. Its log has the reason and the hash of the message.',
};

function telemetryStopped(
  ofFactory: string,
  { telemetrySilentMinutes, evaluationMinutes }: AlertSettings,
  hours: Exclude<SiteHours, 'always'> | undefined,
): LogRule<FactorySignals> {
  const rows = ['AppMetrics', `| where ${ofFactory}`];
  return {
    kind: 'log',
    name: 'telemetry-stopped',
    title: 'The edge sends no telemetry',
    severity: 1,
    windowMinutes: telemetrySilentMinutes,
    ...(hours === undefined
      ? { operator: 'LessThan', threshold: 1, query: () => rows.join('\n') }
      : {
          operator: 'GreaterThan',
          threshold: 0,
          query: () => silentInHours(rows, hours, telemetrySilentMinutes, evaluationMinutes),
        }),
    advice:
      'Nothing came from the edge. What the collector and the model monitor hold on disk comes later by itself; look at the auth proxies and their certificate.',
  };
}

const certificateEnds = ({ certificateDays }: AlertSettings, simulated: boolean): LogRule<FactorySignals> => ({
  ...anyRowWithin(day),
  name: 'certificate',
  title: 'The certificate of the site runs out',
  severity: 2,
  // Usage has rows of every hour in which anything is collected: the rule asks the calendar, not the data.
  query: ({ certificatesNotAfter }) =>
    [
      'Usage',
      '| summarize TimeGenerated = max(TimeGenerated)',
      `| extend NotAfter = datetime(${earliest(certificatesNotAfter)})`,
      `| where NotAfter < now() + ${certificateDays}d`,
    ].join('\n'),
  advice: `Without a valid certificate the device, the telemetry and the inference data are refused. ${simulated ? 'The site is a simulated one: raise edgeSite.certificateSerial by one and deploy.' : 'Look at "npm run certificate -- status" on the site: make the next one with rotate and deploy, or finish the rotation that is under way, rotate again and revoke previous.'}`,
});

const modelDrifts = (ofFactory: string, { driftAlarmsPerDay }: AlertSettings): LogRule<FactorySignals> => ({
  ...anyRowWithin(day),
  name: 'drift',
  title: 'The running model alarms more than it did',
  severity: 2,
  threshold: driftAlarmsPerDay,
  query: () => ['AppTraces', `| where ${ofFactory}`, "| where Message startswith 'alarm started'"].join('\n'),
  advice:
    'Either the machine has changed or the model no longer fits it. Look at the machine first; windows with an alarm are never trained on, so the model does not learn a fault as normal.',
});

const programFailed: LogRule<FactorySignals> = {
  ...anyRowWithin(60),
  name: 'program-failed',
  title: 'A program of the loop failed',
  severity: 1,
  query: ({ environmentId }) =>
    printed(environmentId, '', ['failed', 'wrong settings', 'training failed too often, not submitted again']).join('\n'),
  advice:
    'The work is still in its queue or the message came back. The log of the program names what was refused; a 403 names the role that is missing.',
};

/** What Container Apps says of a program that it could not start or had to end. A failed pull has several reasons, most of which say nothing of images: the text does. */
const programStopped: LogRule<FactorySignals> = {
  ...anyRowWithin(60),
  name: 'program-stopped',
  title: 'A program of the loop could not start, or was ended',
  severity: 1,
  query: ({ environmentId }) =>
    [
      'ContainerAppSystemLogs',
      `| where _ResourceId =~ ${quoted(environmentId)}`,
      "| where Reason in ('BackoffLimitExceeded', 'DeadlineExceeded') or Reason startswith 'ImagePull' or Log has_any ('ImagePullFailure', 'ImagePullBackOff', 'Failed to pull image', 'Image Pull Errors')",
    ].join('\n'),
  advice:
    'An image that cannot be pulled is the role acrPull of the identity of the program, or an image that is gone from the registry; what took too long or failed too often has its reason in the log of the program. The work is still in its queue.',
};

/** What an operator of a factory must know about. A site that is up by the clock may be silent outside its hours: its telemetry is asked for within them, and a platform metric such as the connected devices knows no hours. */
export function factoryAlerts(
  factory: string,
  settings: AlertSettings,
  site: { readonly hours?: SiteHours; readonly simulated?: boolean; readonly releaseApproved?: boolean } = {},
): AlertRule<FactorySignals>[] {
  const ofFactory = `tostring(Properties.factory) == ${quoted(factory)}`;
  const hours = site.hours === 'always' ? undefined : site.hours;
  return [
    deliveryStuck(settings),
    ...(site.releaseApproved === true ? [releaseWaits] : []),
    ...(hours === undefined ? [deviceSilent(settings)] : []),
    gateRejected,
    deadLetters('data', ({ dataTopicId }) => dataTopicId),
    deadLetters('edge', ({ edgeTopicId }) => edgeTopicId),
    poisonMessage,
    telemetryStopped(ofFactory, settings, hours),
    certificateEnds(settings, site.simulated === true),
    modelDrifts(ofFactory, settings),
    programFailed,
    programStopped,
  ];
}

/** What the rules of a platform watch. */
export interface PlatformSignals {
  readonly workspaceId: string;
  readonly topicId: string;
}

/** What an operator of the platform must know about. */
export function platformAlerts(maxNodes: number, settings: AlertSettings): AlertRule<PlatformSignals>[] {
  const onWorkspace = {
    kind: 'metric',
    resourceId: ({ workspaceId }: PlatformSignals) => workspaceId,
    namespace: 'Microsoft.MachineLearningServices/workspaces',
  } as const;
  return [
    deadLetters('model-catalog', ({ topicId }) => topicId),
    {
      ...onWorkspace,
      name: 'training-failed',
      title: 'A training job failed',
      severity: 1,
      metric: 'Failed Runs',
      aggregation: 'Total',
      windowMinutes: 60,
      operator: 'GreaterThan',
      threshold: 0,
      advice: 'No model came out. The job in Azure ML has its log; it is submitted again up to three times by the next manifest.',
    },
    {
      ...onWorkspace,
      name: 'node-use',
      title: 'The training cluster is full',
      severity: 3,
      metric: 'Active Nodes',
      aggregation: 'Average',
      windowMinutes: 60,
      operator: 'GreaterThanOrEqual',
      threshold: (maxNodes * settings.nodeUsePercent) / 100,
      advice: `At least ${settings.nodeUsePercent} % of the ${maxNodes} node${maxNodes === 1 ? '' : 's'} worked for an hour. If jobs also wait, raise training.maxNodes; if each takes long, a larger training.vmSize.`,
    },
    {
      ...onWorkspace,
      name: 'queue-wait',
      title: `Training jobs were queued more than ${settings.queuedRuns} time${settings.queuedRuns === 1 ? '' : 's'} in 30 minutes`,
      severity: 2,
      metric: 'Queued Runs',
      aggregation: 'Total',
      windowMinutes: 30,
      operator: 'GreaterThan',
      threshold: settings.queuedRuns,
      advice:
        'More jobs come than the cluster takes on at once. Raise training.maxNodes, ask for quota of the virtual machine family, or let data versions come less often (retrain.minIntervalSeconds).',
    },
    {
      ...anyRowWithin(60),
      name: 'daily-cap',
      title: 'The daily cap of the logs is reached',
      severity: 1,
      query: () => ['_LogOperation', "| where Category =~ 'Ingestion'", "| where Detail contains 'OverQuota'"].join('\n'),
      advice:
        'Nothing more is collected today, so that alerts on logs are blind. Find the table that grew (Usage), then lower what is sent, give the table the Basic plan or raise logs.dailyQuotaGb.',
    },
  ];
}
