import { join } from 'node:path';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Principal } from '../local-azure/region/tokenAuthority';
import { freePort } from '../local-azure/region/ports';

export const project = 'factory-loop';
const portNames = [
  'databusPort',
  'otlpPort',
  'modelMonitorPort',
  'ingestionProxyPort',
  'metricsProxyPort',
  'dataCollectorHubPort',
] as const;
export type SitePorts = Readonly<Record<(typeof portNames)[number], number>>;
const keptPorts = z.object(
  Object.fromEntries(portNames.map((name) => [name, z.int().min(1).max(65_535)])) as Record<(typeof portNames)[number], z.ZodInt>,
);

/** Ports of the site's programs: chosen once for a region, since another port would be another revision of the site with an empty disk. */
export async function sitePorts(regionDirectory: string): Promise<SitePorts> {
  const file = join(regionDirectory, 'site-ports.json');
  if (existsSync(file)) return keptPorts.parse(JSON.parse(readFileSync(file, 'utf8')));
  const ports: number[] = [];
  while (ports.length < portNames.length) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  const chosen = Object.fromEntries(portNames.map((name, index) => [name, ports[index]]));
  writeFileSync(file, JSON.stringify(chosen));
  return keptPorts.parse(chosen);
}

export interface DatasetColumns {
  readonly timeColumn?: string;
  readonly labelColumns?: readonly string[];
  readonly ignoredColumns?: readonly string[];
}
interface LocalSettings {
  /** Without it the product's default. */
  readonly factory?: string;
  readonly rounds: number;
  readonly dataset: DatasetColumns;
  readonly sampleIntervalMs: number;
  readonly ports: SitePorts;
  readonly reader: Pick<Principal, 'objectId'>;
  readonly rawWriter: Pick<Principal, 'objectId'>;
  /** Who may let a delivery go. */
  readonly approver?: Pick<Principal, 'objectId'>;
  /** Who may take away what a smoke test made. */
  readonly smokeTester?: Pick<Principal, 'objectId'>;
}

/** Stack configuration of the local region: everything fast, the site simulated, whoever looks on may read. */
export function localConfiguration(
  cloud: Readonly<Record<string, unknown>>,
  { factory, rounds, dataset, sampleIntervalMs, ports, reader, rawWriter, approver, smokeTester }: LocalSettings,
): Record<string, string> {
  const principal = ({ objectId }: Pick<Principal, 'objectId'>) => ({ principalId: objectId, principalType: 'ServicePrincipal' });
  const given = Object.fromEntries(Object.entries(dataset).filter(([, value]) => value !== undefined));
  const values: Record<string, unknown> = {
    ...(factory === undefined ? {} : { factory }),
    cloud,
    deployerPrincipalType: 'ServicePrincipal',
    readers: [principal(reader)],
    rawWriters: [principal(rawWriter)],
    ...(approver === undefined ? {} : { approvers: [principal(approver)] }),
    ...(smokeTester === undefined ? {} : { smokeTesters: [principal(smokeTester)] }),
    dataset: { settleSeconds: 1, ...given },
    // What the line runs in a round is little, and the next round waits for it; a single round is not followed by another.
    ...(rounds > 1 ? { retrain: { minNewWindows: 5, minIntervalSeconds: 0 } } : {}),
    jobs: { pollingIntervalSeconds: 1 },
    // A batch is closed after the pause between the two stretches of a round, so that a round is one batch as long as it fits.
    edgeSite: {
      enabled: true,
      hours: 'always',
      lineMode: 'idle',
      sampleIntervalMs,
      ...ports,
      telemetryIntervalMs: 1_000,
      batchIdleMs: 4_000,
      batchMaxRecords: 50_000,
    },
  };
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`${project}:${key}`, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
