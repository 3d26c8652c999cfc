import { at, holdsFactory, holdsPlatform, keyOf, kinds, listAt, ofKind } from '../declaredResource';
import { demanding, is, present, type Rule } from '../rule';

const pillar = 'workflow';
/** Containers of the steps, by account. */
const places: Readonly<Record<string, readonly string[]>> = {
  data: ['raw', 'processed', 'quarantine', 'deliveries', 'checkpoints', 'dead-letters'],
  edge: ['packaged-models', 'landing-zone'],
  ml: ['models'],
};
/** What starts what: steps 1a, 2, 4, 6 and the way back of 13c. */
const triggers: Readonly<Record<string, RegExp>> = {
  'raw-file-created': /^\/blobServices\/default\/containers\/raw\/blobs\/$/,
  'manifest-created': /^\/blobServices\/default\/containers\/processed\/blobs\/$/,
  'model-registered': /^models\/[^/:]+:$/,
  'smoke-model-registered': /^models\/[^/:]+-smoke:$/,
  'package-created': /^\/blobServices\/default\/containers\/packaged-models\/blobs\/$/,
  'inference-data-created': /^\/blobServices\/default\/containers\/landing-zone\/blobs\/$/,
};

export const workflowRules: readonly Rule[] = [
  {
    name: 'each-step-its-place',
    pillar,
    description:
      'Raw data, processed data, models, packages and returning data each have a container of their own; the factory reaches one account only.',
    reason: 'Rights, events and ages are set per container, and the account that a factory reaches holds nothing else.',
    judgeStack: (resources) =>
      Object.entries(places)
        .filter(([account]) => (account === 'ml' ? holdsPlatform(resources) : holdsFactory(resources)))
        .flatMap(([account, containers]) =>
          containers
            .filter(
              (container) =>
                !ofKind(resources, 'BlobContainer').some(
                  ({ props, madeOf }) =>
                    props['containerName'] === container && (madeOf['accountName'] ?? []).includes(`${kinds.StorageAccount} ${account}`),
                ),
            )
            .map((container) => `no container ${container} in the account ${account}`),
        ),
  },
  {
    name: 'each-step-triggered',
    pillar,
    description: 'Every step starts by an event of the step before it, from one container or one model.',
    reason: 'A filter that is too wide lets a program start itself for ever.',
    judgeStack: (resources) => [
      ...ofKind(resources, 'SystemTopic')
        .filter(({ props }) => props['source'] === undefined)
        .map(({ name }) => `${name}: source is nothing, expected whose events it carries`),
      ...Object.entries(holdsFactory(resources) ? triggers : {}).flatMap(([name, begins]) => {
        const trigger = ofKind(resources, 'EventSubscription').find((subscription) => subscription.name === name);
        if (trigger === undefined) return [`no trigger ${name}`];
        return [
          ...(begins.test(String(at(trigger.props, 'filter.subjectBeginsWith')))
            ? []
            : [
                `${name}: filter.subjectBeginsWith is ${String(at(trigger.props, 'filter.subjectBeginsWith'))}, expected one container or one model`,
              ]),
          ...(listAt(trigger.props, 'filter.includedEventTypes').length === 1
            ? []
            : [`${name}: filter.includedEventTypes, expected one type`]),
        ];
      }),
    ],
  },
  demanding(
    {
      name: 'exchange-through-hubs',
      pillar,
      description: 'Messages of the device leave IoT Hub through one route to Event Hubs, none falls back.',
      reason: 'The delivery program reads there with an identity; the built-in endpoint would need a key.',
    },
    is('IotHub', 'properties.routing.routes.0.source', 'DeviceMessages'),
    is('IotHub', 'properties.routing.routes.0.isEnabled', true),
    is('IotHub', 'properties.routing.fallbackRoute.isEnabled', false),
  ),
  {
    name: 'catalog-and-registry',
    pillar,
    description: 'The workspace keeps models in a registry, a vault and an account of the stack.',
    reason: 'What Azure ML makes by itself has keys and an admin user.',
    judgeStack: (resources) =>
      ofKind(resources, 'MachineLearning').flatMap((workspace) => [
        ...['storageAccount', 'keyVault', 'applicationInsights', 'containerRegistry']
          .filter((link) => workspace.props[link] === undefined)
          .map((link) => `${workspace.name}: ${link} is nothing, expected one of the stack`),
        ...(ofKind(resources, 'SystemTopic').some(({ madeOf }) => (madeOf['source'] ?? []).includes(keyOf(workspace)))
          ? []
          : [`${workspace.name}: no topic carries its events`]),
      ]),
  },
  demanding(
    {
      name: 'telemetry-central',
      pillar,
      description: 'Logs and metrics of the edge meet in one log workspace.',
      reason: 'One place to ask, one retention, one bill.',
    },
    present('ApplicationInsights', 'workspaceResourceId', 'the log workspace'),
    is('ApplicationInsights', 'ingestionMode', 'LogAnalytics'),
    present('MonitorWorkspace', 'azureMonitorWorkspaceName', 'a workspace for metrics'),
  ),
];
