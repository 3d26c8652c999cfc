import { createHash } from 'node:crypto';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { WrittenSeries } from './remoteWrite';

export type Labels = Readonly<Record<string, string>>;
export interface Sample {
  readonly timestamp: number;
  readonly value: number;
}
export interface StoredSeries {
  readonly workspace: string;
  readonly labels: Labels;
}
/** JSON has no NaN and no infinity. */
export type StoredSample = string;

const idOf = (workspace: string, labels: Labels) =>
  createHash('sha256')
    .update(JSON.stringify([workspace.toLowerCase(), labels]))
    .digest('base64url');

/** Series of the Azure Monitor workspaces. A sample is known by its series and its time, as in Prometheus: the same one again changes nothing. */
export class MetricStore {
  private readonly samples = new Map<string, Map<number, number>>();

  constructor(
    private readonly series: AppendOnlyStore<StoredSeries>,
    private readonly stored: AppendOnlyStore<StoredSample>,
    private readonly maxSamples = 500_000,
  ) {
    for (const [key, value] of stored.entries()) {
      const [id, timestamp] = splitKey(key);
      this.samplesOf(id).set(timestamp, Number(value));
    }
  }

  write(workspace: string, written: readonly WrittenSeries[]): void {
    for (const { labels, samples } of written) {
      const named = Object.fromEntries(labels.map(({ name, value }) => [name, value]));
      const id = idOf(workspace, named);
      if (!this.series.has(id)) this.series.set(id, { workspace: workspace.toLowerCase(), labels: named });
      for (const { timestamp, value } of samples) this.add(id, timestamp, value);
    }
  }

  private add(id: string, timestamp: number, value: number): void {
    const samples = this.samplesOf(id);
    if (samples.has(timestamp)) return;
    samples.set(timestamp, value);
    this.stored.set(`${id}@${timestamp}`, String(value));
    if (this.stored.size <= this.maxSamples) return;
    const [oldest] = this.stored.entries();
    if (oldest === undefined) return;
    this.stored.delete(oldest[0]);
    const [oldId, oldTimestamp] = splitKey(oldest[0]);
    this.samplesOf(oldId).delete(oldTimestamp);
  }

  /** Series of a workspace that have every one of these labels; an empty value stands for a label that is not there. Samples in order of time. */
  select(workspace: string, matchers: Labels): { readonly labels: Labels; readonly samples: readonly Sample[] }[] {
    return [...this.series.entries()]
      .filter(
        ([, series]) =>
          series.workspace === workspace.toLowerCase() &&
          Object.entries(matchers).every(([name, value]) => (Object.hasOwn(series.labels, name) ? series.labels[name] : '') === value),
      )
      .map(([id, { labels }]) => ({
        labels,
        samples: [...this.samplesOf(id)].map(([timestamp, value]) => ({ timestamp, value })).sort((a, b) => a.timestamp - b.timestamp),
      }));
  }

  forget(workspace: string): void {
    for (const [id, series] of [...this.series.entries()]) {
      if (series.workspace !== workspace.toLowerCase()) continue;
      for (const timestamp of this.samplesOf(id).keys()) this.stored.delete(`${id}@${timestamp}`);
      this.samples.delete(id);
      this.series.delete(id);
    }
  }

  private samplesOf(id: string): Map<number, number> {
    const samples = this.samples.get(id) ?? new Map<number, number>();
    this.samples.set(id, samples);
    return samples;
  }
}

function splitKey(key: string): [string, number] {
  const at = key.lastIndexOf('@');
  return [key.slice(0, at), Number(key.slice(at + 1))];
}
