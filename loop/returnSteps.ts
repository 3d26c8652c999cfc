import { metricNames, telemetryLabels } from '../contracts/telemetry';
import type { StoredBatch } from './landingZoneReader';
import type { Observation, Observer, Sent, Step } from './step';

const done = (evidence: Record<string, unknown>): Observation => ({ ok: true, evidence });

/** The labels of this round's package, on whatever the site sent about it. */
function packageLabels({ facts }: Observer): Record<string, string> | undefined {
  const { delivery } = facts;
  return delivery && { [telemetryLabels.packageId]: delivery.packageId, [telemetryLabels.packageVersion]: delivery.packageVersion };
}

export interface LandedCounts {
  readonly arrived: number;
  readonly samples: number;
  readonly results: number;
  readonly duplicates: number;
}
/** What batches hold of what was sent, after de-duplication by record id; records of an interrupted run that came late are none of it. */
export function landedCounts(batches: readonly StoredBatch[], sent: Sent): LandedCounts {
  const records = batches
    .flatMap((batch) => batch.records)
    .filter(({ kind, key }) => (kind === 'sample' ? sent.times : sent.results).has(key));
  const distinct = new Map(records.map((record) => [record.recordId, record]));
  const samples = [...distinct.values()].filter(({ kind }) => kind === 'sample').length;
  return { arrived: records.length, samples, results: distinct.size - samples, duplicates: records.length - distinct.size };
}

/** The round's batches, once they hold all that the line sent and the server answered; before that the error says what is missing. */
async function wholeReturn({ landing, facts }: Observer): Promise<{ batches: readonly StoredBatch[]; counts: LandedCounts } | undefined> {
  const batches = await landing.batches(facts.landedBefore);
  const counts = landedCounts(batches, facts.sent);
  facts.landed = batches;
  if (counts.samples < facts.sent.samples || counts.results < facts.sent.results.size) {
    throw new Error(
      `the landing zone holds ${counts.samples} of ${facts.sent.samples} samples and ${counts.results} of ${facts.sent.results.size} results`,
    );
  }
  return { batches, counts };
}

/** Steps 11 to 13c: what comes back from the site. The line has run before the first of them. */
export const returnSteps: readonly Step[] = [
  {
    id: '11',
    title: 'metrics at the monitor',
    program: 'model-monitor',
    observe: async (observer) => {
      const labels = packageLabels(observer);
      const series = labels && (await observer.monitor.series(metricNames.pipelineInputs, labels));
      const last = series?.at(-1);
      return (
        last &&
        done({
          metric: metricNames.pipelineInputs,
          version: labels?.[telemetryLabels.packageVersion],
          value: last.value,
          at: last.at.toISOString(),
        })
      );
    },
  },
  {
    id: '12',
    title: 'logs and metrics in Azure',
    program: 'model-monitor',
    observe: async (observer) => {
      const labels = packageLabels(observer);
      if (!labels) return undefined;
      const [traces, metrics, series] = await Promise.all([
        observer.monitor.traces(labels),
        observer.monitor.customMetrics(labels),
        observer.monitor.series(metricNames.pipelineOutputs, labels),
      ]);
      const [trace, metric, point] = [traces.at(-1), metrics.at(-1), series.at(-1)];
      return (
        trace &&
        metric &&
        point &&
        done({
          version: labels[telemetryLabels.packageVersion],
          log: trace.message.slice(0, 60),
          logs: traces.length,
          metric: metric.name,
          series: metricNames.pipelineOutputs,
          value: point.value,
        })
      );
    },
  },
  {
    id: '13a',
    title: 'inference data collected',
    program: 'data-collector',
    observe: async (observer) => {
      const whole = await wholeReturn(observer);
      const { sent } = observer.facts;
      return (
        whole && {
          ok: whole.counts.samples === sent.samples && whole.counts.results === sent.results.size,
          evidence: { samples: whole.counts.samples, sent: sent.samples, results: whole.counts.results, answered: sent.results.size },
        }
      );
    },
  },
  {
    id: '13b',
    title: 'data at the collector hub',
    program: 'data-collector-hub',
    observe: async (observer) => {
      const whole = await wholeReturn(observer);
      return (
        whole && {
          ok: whole.batches.every(({ manifest, records }) => manifest.records === records.length),
          evidence: {
            batches: whole.batches.length,
            records: whole.counts.arrived,
            duplicates: whole.counts.duplicates,
            versions: [...new Set(whole.batches.flatMap(({ manifest }) => manifest.packageVersions))].join(' '),
          },
        }
      );
    },
  },
  {
    id: '13c',
    title: 'data in the landing zone',
    program: 'data-collector-hub',
    observe: async (observer) => {
      const whole = await wholeReturn(observer);
      const last = whole?.batches.at(-1);
      if (!whole || !last) return undefined;
      const sizeBytes = whole.batches.reduce((sum, { manifest }) => sum + manifest.sizeBytes, 0);
      return {
        ok: whole.batches.every(({ manifest, sha256 }) => manifest.sha256 === sha256),
        evidence: {
          blob: last.manifest.blob.split('/').slice(-5).join('/'),
          sha256: last.sha256,
          sizeBytes,
          from: last.manifest.firstTs,
          to: last.manifest.lastTs,
        },
      };
    },
  },
];
