import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { factoryAlerts, platformAlerts, type FactorySignals } from '../../../../components/observability/alertRules';
import { alertTables, logTables } from '../../../../components/configuration/logTables';
import { loopPanels, workbookContent } from '../../../../components/observability/loopWorkbook';
import { alertSettings } from '../../../../components/configuration/resourceSettings';
import { profiles } from '../../../../components/configuration/profiles';
import { deliveryRecord } from '../../../../contracts/deliveryRecord';
import { projectRoot } from '../../../support/projectRoot';

const { alerts } = profiles.dev;
const signals: FactorySignals = {
  environmentId: '/environments/one',
  iotHubId: '/hubs/one',
  dataTopicId: '/topics/data',
  edgeTopicId: '/topics/edge',
  certificatesNotAfter: ['2027-01-01T00:00:00.000Z', '2027-06-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
};
const rules = factoryAlerts('plant-one', alerts);
const query = (name: string) => {
  const rule = rules.find((one) => one.name === name);
  return rule?.kind === 'log' ? rule.query(signals) : '';
};
const queries = [
  ...rules.flatMap((rule) => (rule.kind === 'log' ? [rule.query(signals)] : [])),
  ...platformAlerts(1, alerts).flatMap((rule) => (rule.kind === 'log' ? [rule.query({ workspaceId: '', topicId: '' })] : [])),
];
const panels = loopPanels('plant-one', '/environments/one');

const sources = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((one) => one.isFile() && one.name.endsWith('.ts'))
    .map((one) => readFileSync(join(one.parentPath, one.name), 'utf8'));
const pipelineCode = ['pipeline-code', 'contracts/program'].flatMap((room) => sources(join(projectRoot, room))).join('\n');
/** Messages that a query waits for. */
const messages = (text: string) =>
  [...text.matchAll(/message\)? (?:in \(([^)]*)\)|== ('[^']*'))/g)].flatMap(([, list, single]) =>
    [...(list ?? single ?? '').matchAll(/'([^']*)'/g)].map(([, one]) => one ?? ''),
  );

describe('the alerts of a factory', () => {
  it('are what an operator needs, each with what to do', () => {
    expect(rules.map(({ name }) => name)).toEqual([
      'delivery',
      'device-silent',
      'gate-rejected',
      'dead-letters-data',
      'dead-letters-edge',
      'poison-message',
      'telemetry-stopped',
      'certificate',
      'drift',
      'program-failed',
      'program-stopped',
    ]);
    expect(platformAlerts(1, alerts).map(({ name }) => name)).toEqual([
      'dead-letters-model-catalog',
      'training-failed',
      'node-use',
      'queue-wait',
      'daily-cap',
    ]);
    expect([...rules, ...platformAlerts(1, alerts)].filter(({ advice }) => advice.length < 40)).toEqual([]);
  });

  it('call somebody where a package waits for a person, and only there', () => {
    const approved = factoryAlerts('plant-one', alerts, { releaseApproved: true });
    expect(approved.map(({ name }) => name).filter((name) => !rules.some((one) => one.name === name))).toEqual(['release-waits']);
    const rule = approved.find(({ name }) => name === 'release-waits');
    expect(rule?.kind === 'log' && rule.query(signals)).toMatch(
      /'tag-and-deliver'[\s\S]*'released'[\s\S]*deliveryState\) == 'AwaitingApproval'/,
    );
  });

  describe('of a site that is up by the clock', () => {
    const hours = { timezone: 'Europe/Berlin', days: '1-5', from: '09:00', to: '11:00' };
    const stopped = (site: Parameters<typeof factoryAlerts>[2], settings: Partial<typeof alerts> = {}) => {
      const rule = factoryAlerts('plant-one', { ...alerts, telemetrySilentMinutes: 30, evaluationMinutes: 15, ...settings }, site).find(
        ({ name }) => name === 'telemetry-stopped',
      );
      return rule?.kind === 'log' ? { text: rule.query(signals), fires: `${rule.operator} ${rule.threshold}` } : undefined;
    };
    const openAt = (text = '') => /day in \(([\d, ]*)\) and minute between \((\d+) \.\. (\d+)\)$/.exec(text)?.slice(1);

    it('want no connected device, and telemetry only within its hours', () => {
      const names = factoryAlerts('plant-one', alerts, { hours }).map(({ name }) => name);
      expect(rules.map(({ name }) => name).filter((name) => !names.includes(name))).toEqual(['device-silent']);
      expect(stopped({ hours })).toEqual({
        fires: 'GreaterThan 0',
        text: expect.stringMatching(
          /factory\) == 'plant-one'\n\| summarize rows = count\(\)\n[\s\S]*'Europe\/Berlin'[\s\S]*\n\| where rows == 0 and day in/,
        ) as string,
      });
      for (const site of [{ hours: 'always' } as const, {}])
        expect(stopped(site)).toEqual({ fires: 'LessThan 1', text: expect.not.stringContaining('minute') as string });
    });

    it.each([
      ['waits until it could have been silent for long enough', hours, {}, ['1, 2, 3, 4, 5', '570', '660']],
      [
        'has time to ask before it closes, however long the silence',
        hours,
        { telemetrySilentMinutes: 120 } as const,
        ['1, 2, 3, 4, 5', '645', '660'],
      ],
      ['gives a short opening half of its time', { ...hours, from: '09:00', to: '09:20' }, {}, ['1, 2, 3, 4, 5', '550', '560']],
      ['counts Sunday as 0', { ...hours, days: '6-7' }, {}, ['6, 0', '570', '660']],
    ])('%s', (_, given, settings, open) => {
      expect(openAt(stopped({ hours: given }, settings)?.text)).toEqual(open);
    });
  });

  it('say how the certificate of this site is renewed', () => {
    const advice = (simulated: boolean) =>
      factoryAlerts('plant-one', alerts, { simulated }).find(({ name }) => name === 'certificate')?.advice;
    expect([advice(true), advice(false)]).toEqual([
      expect.stringContaining('edgeSite.certificateSerial'),
      expect.stringContaining('finish the rotation that is under way'),
    ]);
  });
});

describe('the queries of the alerts', () => {
  it('look back further than a delivery may rest before it is called stuck', () => {
    const delivery = rules.find(({ name }) => name === 'delivery');
    expect((delivery?.windowMinutes ?? 0) - (alertSettings.shape.deliveryStuckMinutes.maxValue ?? 0)).toBeGreaterThanOrEqual(
      Math.max(...alertSettings.shape.evaluationMinutes.options.map(({ value }) => value)),
    );
  });

  it('judge a delivery by when it last moved, whatever its limit: rows of one that waits come every hour', () => {
    expect(query('delivery')).toMatch(/in \('delivery moved', 'delivery waits'\)/);
    expect(query('delivery')).toContain('moved = todatetime(entry.updatedAt)');
    expect(query('delivery')).toMatch(/and moved < ago\(60m\)/);
  });

  it('wait for messages that the programs really print', () => {
    const waited = [...queries, ...panels.map((panel) => panel.query.join('\n'))].flatMap(messages);
    expect(waited.length).toBeGreaterThan(15);
    expect([...new Set(waited)].filter((message) => !pipelineCode.includes(`'${message}'`))).toEqual([]);
    expect(sources(join(projectRoot, 'edge-sim')).join('\n')).toContain("`alarm ${alarm ? 'started' : 'ended'}`");
  });

  it('know every state of a delivery', () => {
    const states = [...query('delivery').matchAll(/'([A-Z][A-Za-z]+)'/g)]
      .map(([, state]) => state)
      .filter((state) => state !== undefined && state !== 'ContainerAppConsoleLogs');
    expect(states.filter((state) => !(deliveryRecord.shape.state.options as readonly string[]).includes(state ?? ''))).toEqual([]);
    expect(query('delivery')).toContain(`ago(${alerts.deliveryStuckMinutes}m)`);
  });

  it('ask only tables that the plans of the tables leave to alerts', () => {
    const asked = logTables.filter((table) => queries.some((text) => new RegExp(`\\b${table}\\b`).test(text)));
    expect([...asked].sort()).toEqual([...alertTables].sort());
  });

  it.each([
    ['ContainerTerminated', "Container 'train' was terminated with exit code '' and reason 'ImagePullFailure'", true],
    [
      'ContainerTerminated',
      "Container 'train' was terminated with exit code '' and reason 'ImagePullFailure'. Image r.azurecr.io/train not found in registry.",
      true,
    ],
    [
      'ContainerBackOff',
      'Persistent Image Pull Errors for image "r.azurecr.io/train". Please check https://aka.ms/cappsimagepullerrors.',
      true,
    ],
    [
      'Error',
      'Failed to pull image "r.azurecr.io/train": rpc error: code = Unknown desc = failed to pull and unpack image: 401 Unauthorized',
      true,
    ],
    ['Error', 'Error: ImagePullBackOff', true],
    ['ImagePullUnauthorized', 'Container pull image failed with unauthorized error.', true],
    ['DeadlineExceeded', 'Job was active longer than specified deadline', true],
    ['ContainerTerminated', "Container 'train' was terminated with exit code '0' and reason 'ProcessExited'", false],
    ['PullingImage', "Pulling image 'r.azurecr.io/train'", false],
    ['PulledImage', "Successfully pulled image 'r.azurecr.io/train' in 2.1s", false],
  ])('know rows of Container Apps with the reason %s and the text %s', (reason, text, wanted) => {
    const [, reasons, start, words] =
      /Reason in \((.*?)\) or Reason startswith (.*?) or Log has_any \((.*?)\)$/.exec(query('program-stopped')) ?? [];
    const texts = (list = '') => [...list.matchAll(/'([^']+)'/g)].map(([, one]) => one?.toLowerCase() ?? '');
    const matched =
      texts(reasons).includes(reason.toLowerCase()) ||
      texts(start).some((one) => reason.toLowerCase().startsWith(one)) ||
      texts(words).some((one) => new RegExp(`(?<![a-z0-9])${one}(?![a-z0-9])`).test(text.toLowerCase()));
    expect(matched).toBe(wanted);
  });

  it('look at the first certificate to run out: a rotation that nobody finished leaves the site with it', () => {
    expect(query('certificate')).toContain('datetime(2026-12-01T00:00:00.000Z)');
    expect(query('certificate')).toContain(`now() + ${alerts.certificateDays}d`);
  });

  it('cannot be led astray by a quote in a name', () => {
    const [delivery] = factoryAlerts("x' or 1 == 1", alerts);
    expect(delivery?.kind === 'log' ? delivery.query({ ...signals, environmentId: "a' or '1'=='1" }) : '').toContain(
      "=~ 'a\\' or \\'1\\'==\\'1'",
    );
  });

  it('see a full cluster by its own size', () => {
    const use = (nodes: number) => platformAlerts(nodes, alerts).find(({ name }) => name === 'node-use');
    expect([use(1)?.threshold, use(10)?.threshold]).toEqual([0.9, 9]);
    expect(use(10)?.advice).toMatch(/raise training\.maxNodes/);
  });

  it('count how often jobs were queued: the metric is a counter, whose average is always one', () => {
    const queued = platformAlerts(1, { ...alerts, queuedRuns: 5 }).find(({ name }) => name === 'queue-wait');
    expect(queued).toMatchObject({
      metric: 'Queued Runs',
      aggregation: 'Total',
      windowMinutes: 30,
      threshold: 5,
      title: 'Training jobs were queued more than 5 times in 30 minutes',
    });
  });
});

describe('the workbook', () => {
  it('is one that Azure reads: a title, a time range, a query for every part of the loop', () => {
    const content = JSON.parse(workbookContent('Factory Loop: plant-one', '/workspaces/logs', panels)) as {
      version: string;
      items: { type: number; content: { query?: string; crossComponentResources?: string[] } }[];
    };
    expect(content.version).toBe('Notebook/1.0');
    expect(content.items.map(({ type }) => type)).toEqual([1, 9, ...panels.map(() => 3)]);
    expect(
      content.items
        .filter(({ type }) => type === 3)
        .every(
          ({ content: { query: text, crossComponentResources } }) =>
            (text ?? '').length > 20 && crossComponentResources?.[0] === '/workspaces/logs',
        ),
    ).toBe(true);
  });
});
