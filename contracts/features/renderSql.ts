import { featureNames, type Aggregate, type FeatureDefinition } from './featureDefinition';

export const quoteIdentifier = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const quoteLiteral = (text: string) => `'${text.replaceAll("'", "''")}'`;
export const windowMilliseconds = (definition: FeatureDefinition) => Math.round(definition.windowSeconds * 1000);
export const strideMilliseconds = (definition: FeatureDefinition) => Math.round(definition.strideSeconds * 1000);

const aggregateSql: Record<Aggregate, (column: string) => string> = {
  mean: (column) => `avg(${column})`,
  std: (column) => `stddev_pop(${column})`,
  min: (column) => `min(${column})`,
  max: (column) => `max(${column})`,
  range: (column) => `max(${column}) - min(${column})`,
  slope: (column) => `coalesce(regr_slope(${column}, (time_ms - anchor_ms - step * stride_ms) / 1000.0), 0)`,
};

/**
 * A DuckDB SELECT that turns samples into windows. `relation` must have: source VARCHAR, row BIGINT (order within the source),
 * time_ms BIGINT, label DOUBLE (null where there is none) and one DOUBLE per sensor (null where a value is missing).
 * It gives: source, start_ms, end_ms, samples, label_share and one DOUBLE per feature.
 *
 * Windows are [start, start + window), the first starts at the first sample; a gap longer than a window starts anew. A window counts
 * once a later sample of the same stretch has shown that it is over, and only when each sensor has `minSamples` values in it:
 * the streaming form on the edge can know no more than that.
 */
export function renderFeatureSql(definition: FeatureDefinition, relation: string): string {
  const sensors = definition.sensors.map((sensor) => quoteIdentifier(sensor.name));
  const names = featureNames(definition);
  const features = definition.sensors
    .flatMap((sensor) => sensor.aggregates.map((aggregate) => aggregateSql[aggregate](quoteIdentifier(sensor.name))))
    .map((sql, index) => `${sql} AS ${quoteIdentifier(names[index] ?? '')}`);
  const windowMs = windowMilliseconds(definition);
  return `WITH paced AS (
  SELECT *, CASE WHEN time_ms - lag(time_ms) OVER (PARTITION BY source ORDER BY row) > ${windowMs} THEN 1 ELSE 0 END AS starts FROM ${relation}
), stretched AS (
  SELECT *, sum(starts) OVER (PARTITION BY source ORDER BY row) AS stretch FROM paced
), anchored AS (
  SELECT *, min(time_ms) OVER (PARTITION BY source, stretch) AS anchor_ms, max(time_ms) OVER (PARTITION BY source, stretch) AS last_ms, ${strideMilliseconds(definition)}::BIGINT AS stride_ms FROM stretched
), placed AS (
  SELECT *, unnest(range(CASE WHEN time_ms - anchor_ms < ${windowMs} THEN 0 ELSE (time_ms - anchor_ms - ${windowMs}) // stride_ms + 1 END, (time_ms - anchor_ms) // stride_ms + 1)) AS step FROM anchored
)
SELECT source, anchor_ms + step * stride_ms AS start_ms, anchor_ms + step * stride_ms + ${windowMs} AS end_ms, count(*)::INTEGER AS samples, avg(label) AS label_share,
  ${features.join(',\n  ')}
FROM placed
GROUP BY source, stretch, anchor_ms, last_ms, stride_ms, step
HAVING end_ms <= last_ms AND ${sensors.map((sensor) => `count(${sensor}) >= ${definition.minSamples}`).join(' AND ')}
ORDER BY source, start_ms`;
}
