import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { Writer } from 'protobufjs/minimal';
import { compress } from 'snappyjs';
import { MonitorReader } from '../../../loop/monitorReader';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { Monitor } from '../../../local-azure/monitor/monitor';
import { monitorTypes } from '../../../local-azure/monitor/monitorTypes';
import type { Properties } from '../../../local-azure/region/resourceType';
import { createRegionContext, subscriptionId } from '../../../local-azure/region/regionContext';
import { assignRole, credentialOf } from './principals';

const group = { resourceGroupName: 'rg', location: 'westeurope' };
const roles = {
  publisher: '3913510d-42f4-4e42-8a64-420c390055eb',
  monitoringReader: '43d0d8ad-25c7-4714-9337-8ba259a9fe05',
  dataReader: 'b0d8363b-8ddd-447d-831f-62ca05bff136',
  contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
};
const principal = (displayName: string): Principal => ({ objectId: randomUUID(), clientId: randomUUID(), displayName });
/** The site may send, the reader may read, the stranger may nothing; the owner may manage everything, which opens no data. */
export const [site, reader, stranger, owner] = [principal('site'), principal('reader'), principal('stranger'), principal('owner')];

async function remoteWrite(url: string, body: Uint8Array, headers: Readonly<Record<string, string>>) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      ...headers,
    },
    body: Buffer.from(body),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, text: await response.text() };
}

/** Application Insights and an Azure Monitor workspace, with what both their tests send and ask. */
export async function monitorRegion() {
  const directory = mkdtempSync(join(tmpdir(), 'monitor-'));
  const start = async () => {
    const context = await createRegionContext({ directory });
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), context.tls.ca]);
    const monitor = new Monitor(context);
    await monitor.start();
    return { context, monitor, types: monitorTypes(monitor, context.clock) };
  };
  let { context, monitor, types } = await start();
  const end = async () => {
    await monitor.stop();
    context.close();
  };

  const create = async (token: string, inputs: Properties) => {
    const type = types.resources.find((one) => one.token === `azure-native:${token}`);
    if (!type) throw new Error(`no type ${token}`);
    return type.create({ name: 'one', urn: 'urn', inputs: { ...group, ...inputs } });
  };
  const lookUp = async (token: string, args: Properties) =>
    types.functions.find((one) => one.token === `azure-native:${token}`)?.invoke(args);
  const credential = (who: Principal) => credentialOf({ authority: context.authority }, who);
  const token = async (who: Principal, audience = 'https://monitor.azure.com') =>
    (await credential(who).getToken(`${audience}/.default`))?.token ?? '';
  const assign = (who: Principal, role: keyof typeof roles, scope: string) => assignRole(context, who, roles[role], scope);

  const logs = await create('operationalinsights:Workspace', { workspaceName: 'logs' });
  const insights = await create('applicationinsights:Component', {
    resourceName: 'insights',
    kind: 'web',
    applicationType: 'web',
    workspaceResourceId: logs.id,
    disableLocalAuth: true,
  });
  const workspace = await create('monitor:AzureMonitorWorkspace', { azureMonitorWorkspaceName: 'metrics' });
  const ruleId = (workspace.outputs['defaultIngestionSettings'] as { dataCollectionRuleResourceId: string }).dataCollectionRuleResourceId;
  assign(site, 'publisher', insights.id);
  assign(site, 'publisher', ruleId);
  assign(reader, 'monitoringReader', insights.id);
  assign(reader, 'dataReader', workspace.id);
  assign(owner, 'contributor', `/subscriptions/${subscriptionId}`);

  /** Where the workspace takes metrics in, as its data collection rule and endpoint say. */
  const ingestion = async () => {
    const [, , , , groupName, , , , name] = ruleId.split('/');
    const rule = await lookUp('monitor:getDataCollectionRule', { resourceGroupName: groupName, dataCollectionRuleName: name });
    const found = await lookUp('monitor:getDataCollectionEndpoint', { resourceGroupName: groupName, dataCollectionEndpointName: name });
    const { endpoint } = found?.['metricsIngestion'] as { endpoint: string };
    return { endpoint, rule: String(rule?.['immutableId']) };
  };
  const logsQueryEndpoint = () => `${monitor.endpoint}/v1`;
  const metricsQueryEndpoint = String((workspace.outputs['metrics'] as Properties)['prometheusQueryEndpoint']);
  return {
    insights,
    logsQueryEndpoint,
    metricsQueryEndpoint,
    credential,
    token,
    denials: () => context.gate.denials,
    askedBy: (who: Principal) =>
      new MonitorReader(
        { applicationInsightsId: insights.id, logsQueryEndpoint: logsQueryEndpoint(), metricsQueryEndpoint },
        credential(who),
      ),
    /** Prometheus remote write, as the collector of a site does it. */
    async remoteWrite(
      body: Uint8Array,
      options: { who?: Principal; rule?: string; stream?: string; headers?: Record<string, string> } = {},
    ) {
      const { endpoint, rule } = await ingestion();
      return remoteWrite(
        `${endpoint}/dataCollectionRules/${options.rule ?? rule}/streams/${options.stream ?? 'Microsoft-PrometheusMetrics'}/api/v1/write?api-version=2023-04-24`,
        body,
        { authorization: `Bearer ${await token(options.who ?? site)}`, ...options.headers },
      );
    },
    /** The same services again on what they have kept. */
    async restart() {
      await end();
      ({ context, monitor, types } = await start());
    },
    async stop() {
      await end();
      rmSync(directory, { recursive: true });
    },
  };
}
export type MonitorRegion = Awaited<ReturnType<typeof monitorRegion>>;

export const nowSeconds = () => Math.floor(Date.now() / 1_000);

type Point = readonly [seconds: number, value: number];
/** The body of a remote write: protobuf, compressed by snappy. */
export function writeRequest(series: readonly { labels: Readonly<Record<string, string>>; points: readonly Point[] }[]): Uint8Array {
  const writer = Writer.create();
  for (const { labels, points } of series) {
    writer.uint32(10).fork();
    for (const [name, value] of Object.entries(labels)) writer.uint32(10).fork().uint32(10).string(name).uint32(18).string(value).ldelim();
    for (const [seconds, value] of points)
      writer
        .uint32(18)
        .fork()
        .uint32(9)
        .double(value)
        .uint32(16)
        .int64(Math.round(seconds * 1_000))
        .ldelim();
    writer.ldelim();
  }
  return compress(writer.finish());
}
