import { Workbook } from '@pulumi/azure-native/applicationinsights';
import * as pulumi from '@pulumi/pulumi';
import { nameBasedUuid } from '../../contracts/nameBasedUuid';
import type { Tags } from '../resource/uniformComponent';

/** A part of the workbook: what it shows, and the query. */
interface Panel {
  readonly title: string;
  readonly visualization: 'table' | 'timechart' | 'barchart';
  readonly query: readonly string[];
}

const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
const entries = (environmentId: string) => [
  'ContainerAppConsoleLogs',
  `| where _ResourceId =~ ${quoted(environmentId)}`,
  '| extend entry = parse_json(Log)',
  '| extend program = tostring(entry.program), message = tostring(entry.message)',
];

/** The loop from 1a to 13c, in the order in which it runs. */
export function loopPanels(factory: string, environmentId: string): Panel[] {
  const ofFactory = `| where tostring(Properties.factory) == ${quoted(factory)}`;
  return [
    {
      title: '1a to 8a: what the pipelines did',
      visualization: 'barchart',
      query: [
        ...entries(environmentId),
        "| where message in ('data version written', 'training job submitted', 'the gate let the model pass', 'the gate refused the model', 'package written', 'released', 'sent to the device')",
        '| summarize count() by message, bin(TimeGenerated, 1h)',
      ],
    },
    {
      title: '1a: files in quarantine',
      visualization: 'table',
      query: [
        ...entries(environmentId),
        "| where message == 'file quarantined'",
        '| project TimeGenerated, file = tostring(entry.file), reason = tostring(entry.reason)',
        '| order by TimeGenerated desc',
        '| take 50',
      ],
    },
    {
      title: '5a: verdicts of the gate',
      visualization: 'table',
      query: [
        ...entries(environmentId),
        "| where message in ('the gate let the model pass', 'the gate refused the model')",
        '| project TimeGenerated, message, version = tostring(entry.modelVersion), figures = tostring(entry.figures)',
        '| order by TimeGenerated desc',
        '| take 50',
      ],
    },
    {
      title: '8a to 8d: deliveries',
      visualization: 'table',
      query: [
        ...entries(environmentId),
        "| where message == 'delivery moved'",
        '| summarize arg_max(TimeGenerated, entry) by deliveryId = tostring(entry.deliveryId)',
        '| project TimeGenerated, deliveryId, state = tostring(entry.state), reported = tostring(entry.reportedState), reason = tostring(entry.reason)',
        '| order by TimeGenerated desc',
      ],
    },
    {
      title: '10: package versions that speak',
      visualization: 'table',
      query: [
        'AppTraces',
        ofFactory,
        '| extend package = tostring(Properties.package_id), version = tostring(Properties.version)',
        "| where package != ''",
        '| summarize lastSeen = max(TimeGenerated), records = count() by package, version',
        '| order by lastSeen desc',
      ],
    },
    {
      title: '11, 12: telemetry of the edge',
      visualization: 'timechart',
      query: [
        "union (AppTraces | extend signal = 'logs'), (AppMetrics | extend signal = 'metrics')",
        ofFactory,
        '| summarize count() by signal, bin(TimeGenerated, 5m)',
      ],
    },
    {
      title: 'Alarms of the running model',
      visualization: 'timechart',
      query: [
        'AppTraces',
        ofFactory,
        "| where Message startswith 'alarm started'",
        '| summarize alarms = count() by bin(TimeGenerated, 1h)',
      ],
    },
    {
      title: '13c: batches in the landing zone',
      visualization: 'timechart',
      query: [
        'StorageBlobLogs',
        "| where OperationName == 'PutBlob' or OperationName == 'PutBlockList'",
        "| where Uri contains '/landing-zone/'",
        '| summarize batches = count(), refused = countif(toint(StatusCode) >= 400) by bin(TimeGenerated, 1h)',
      ],
    },
    {
      title: 'Errors of the programs',
      visualization: 'table',
      query: [
        ...entries(environmentId),
        "| where tostring(entry.level) == 'error'",
        '| project TimeGenerated, program, message, error = tostring(entry.error), status = tostring(entry.status)',
        '| order by TimeGenerated desc',
        '| take 100',
      ],
    },
  ];
}

/** A workbook as Azure keeps it. */
export function workbookContent(title: string, logAnalyticsId: string, panels: readonly Panel[]): string {
  const items = panels.map(({ title: heading, visualization, query }, index) => ({
    type: 3,
    name: `panel-${index + 1}`,
    content: {
      version: 'KqlItem/1.0',
      title: heading,
      query: query.join('\n'),
      size: 0,
      timeContextFromParameter: 'time',
      queryType: 0,
      resourceType: 'microsoft.operationalinsights/workspaces',
      crossComponentResources: [logAnalyticsId],
      visualization,
    },
  }));
  const time = {
    type: 9,
    name: 'parameters',
    content: {
      version: 'KqlParameterItem/1.0',
      parameters: [
        {
          version: 'KqlParameterItem/1.0',
          name: 'time',
          label: 'Time range',
          type: 4,
          isRequired: true,
          value: { durationMs: 86_400_000 },
          typeSettings: {
            selectableValues: [
              { durationMs: 3_600_000 },
              { durationMs: 86_400_000 },
              { durationMs: 604_800_000 },
              { durationMs: 2_592_000_000 },
            ],
          },
        },
      ],
    },
  };
  return JSON.stringify({
    version: 'Notebook/1.0',
    items: [{ type: 1, name: 'title', content: { json: `# ${title}` } }, time, ...items],
    fallbackResourceIds: [logAnalyticsId],
  });
}

export interface LoopWorkbookArgs {
  /** Resource group of the workbook. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** Factory whose loop it shows. */
  readonly factory: string;
  /** ARM id of the Log Analytics workspace that it asks. */
  readonly logAnalyticsId: pulumi.Input<string>;
  /** ARM id of the Container Apps environment of the factory's programs. */
  readonly environmentId: pulumi.Input<string>;
  /** Tags; default none. */
  readonly tags?: Tags;
}

/** The Azure workbook that shows a factory's loop. */
export class LoopWorkbook extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;

  constructor(name: string, args: LoopWorkbookArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:observability:LoopWorkbook', name, {}, opts);
    const displayName = `Factory Loop: ${args.factory}`;
    const workbook = new Workbook(
      name,
      {
        resourceGroupName: args.resourceGroupName,
        location: args.location,
        kind: 'shared',
        category: 'workbook',
        displayName,
        sourceId: pulumi.output(args.logAnalyticsId).apply((id) => id.toLowerCase()),
        ...(args.tags === undefined ? {} : { tags: args.tags }),
        // Azure names workbooks with UUIDs; this one stays the same for the environment it shows.
        resourceName: pulumi.output(args.environmentId).apply((id) => nameBasedUuid('workbook', id.toLowerCase(), args.factory)),
        serializedData: pulumi
          .all([args.logAnalyticsId, args.environmentId])
          .apply(([workspace, environment]) => workbookContent(displayName, workspace, loopPanels(args.factory, environment))),
      },
      { parent: this },
    );
    this.id = workbook.id;
    this.registerOutputs({ id: this.id });
  }
}
