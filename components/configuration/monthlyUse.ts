import type { Configuration } from './schema';
import { meteredLoad } from './expectedLoad';
import { gigabyte, plantData, sizes, type PlantData, type PlantSources } from './plantData';
import { daysAfterDeletion, sumOfDays, tierDays, type TierDays } from './storageTiers';

/** What lands in a container in a month, how long it is paid for in which tier, and how long it can be read there. */
export interface Stored {
  readonly gb: number;
  readonly blobs: number;
  readonly days: TierDays;
  readonly readable: TierDays;
}

/** What nobody declares and the bill depends on, in a month. */
export interface MonthlyUse {
  readonly plant: PlantData;
  readonly days: number;
  readonly stored: Readonly<Record<'raw' | 'processed' | 'landing-zone' | 'packaged-models' | 'models', Stored>>;
  /** Passes of the data pipeline, each of which reads all that is kept of raw data and landing zone. */
  readonly passes: number;
  readonly passSeconds: number;
  /** What the passes read of a container: blobs, and how often the whole of it. */
  readonly read: Readonly<Record<'raw' | 'landing-zone', { readonly blobs: number; readonly times: number }>>;
  readonly logGbPerProgramHour: number;
  /** How often the loop goes round. */
  readonly rounds: number;
  readonly jobMinutesPerRound: number;
  /** A node starts, trains, and waits before it is given back. */
  readonly trainingHoursPerRound: number;
  /** Part of its time in which an app that waits for work is busy; the rest is billed as idle. */
  readonly busyPart: number;
  readonly imageBuilds: number;
  readonly buildVcpuSeconds: number;
  readonly events: number;
  /** What the hub hands on to the event hub, in units of 64 KB, and what of it is kept for being read again. */
  readonly deviceMessages: number;
  readonly retainedGb: number;
  /** Calls with which the delivery program keeps its partitions and its place in them. */
  readonly checkpointCalls: number;
  /** How often a program or the platform looks whether there is work. */
  readonly pollsPerQueue: number;
  readonly vaultOperations: number;
  /** Packages that devices download. */
  readonly egressGb: number;
  /** All that may be collected; Infinity without a cap. */
  readonly logCapGb: number;
}

export type UseSources = PlantSources & Pick<Configuration, 'retrain' | 'jobs' | 'expectedLoad' | 'eventHubs' | 'storage' | 'logs'>;

/** Assumed: nothing in a stack says so. */
export const assumed = {
  logBytesPerProgramHour: 1_000_000,
  jobMinutesPerRound: 3,
  trainingMinutesPerRound: 20,
  busyPart: 0.1,
  imageBuilds: 20,
  buildSeconds: 120,
  buildVcpus: 2,
  filesPerRound: 40,
  vaultOperations: 10_000,
  rawFileMb: 10,
  /** A data version holds the windows of all data again, in about half their size. */
  windowsPart: 0.5,
  /** A pass of the data pipeline: start and work, and what it reads from storage in a second. */
  passSeconds: 60,
  readsPerSecond: 200,
  readBytesPerSecond: 50_000_000,
} as const;
/** Event Hubs bill an event for each begun 64 KB. */
const eventBytes = 65_536;
/** Container Apps bill a replica as idle below this traffic. */
const idleBytesPerSecond = 1_000;
/** The delivery program renews its partitions this often, and says this often how far it has read when nothing was for it. */
const renewalSeconds = 10;
const checkpointSeconds = 60;
const secondsPerHour = 3_600;

/** The use of a month, from the stack's settings and from assumptions. */
export function monthlyUse(sources: UseSources, lineHours: number, hoursPerMonth: number): MonthlyUse {
  const { dataset, retrain, jobs, edgeSite, expectedLoad, eventHubs, storage, logs } = sources;
  const days = hoursPerMonth / 24;
  const plant = plantData(sources, lineHours / days);
  const afterDeletion = daysAfterDeletion(storage);
  const store = (container: keyof MonthlyUse['stored'], gb: number, blobs: number): Stored => {
    const rule = storage.lifecycle[container] ?? {};
    return { gb, blobs, days: tierDays(rule, afterDeletion), readable: tierDays(rule, 0) };
  };
  const keptGb = ({ gb, readable }: Stored) => (gb / days) * sumOfDays(readable);
  const keptBlobs = ({ blobs, readable }: Stored) => (blobs / days) * sumOfDays(readable);

  const [rawGb, inferenceGb] = [plant.rawGbPerDay * days, plant.inferenceGbPerDay * days];
  const rawFiles = (rawGb * gigabyte) / (assumed.rawFileMb * 1e6);
  const batches = (inferenceGb * gigabyte) / (sizes.bytesPerRecord * edgeSite.batchMaxRecords);
  const rounds = Math.min(
    (hoursPerMonth * secondsPerHour) / Math.max(1, retrain.minIntervalSeconds),
    (plant.windowsPerDay * days) / retrain.minNewWindows + 1,
  );
  // Every batch is a blob and its manifest.
  const [raw, landing] = [store('raw', rawGb, rawFiles), store('landing-zone', inferenceGb, 2 * batches)];
  const processed = store('processed', rounds * assumed.windowsPart * (keptGb(raw) + keptGb(landing)), rounds * 2);
  const secondsToRead = (stored: Stored) =>
    keptBlobs(stored) / assumed.readsPerSecond + (keptGb(stored) * gigabyte) / assumed.readBytesPerSecond;
  const monthSeconds = hoursPerMonth * secondsPerHour;
  const start = dataset.settleSeconds + assumed.passSeconds;
  // What comes while a pass runs is work of the same pass or of the next one.
  const passesOf = (seconds: number) => Math.min(Math.max(rounds, batches + rawFiles), monthSeconds / seconds);
  const passSeconds = start + secondsToRead(raw) + secondsToRead(landing);
  // Each as if it were alone, which is a little more than there can be.
  const readOf = (stored: Stored) => {
    const times = passesOf(start + secondsToRead(stored));
    return { blobs: times * keptBlobs(stored), times };
  };

  const { messagesPerDay, messageBytes } = expectedLoad;
  const { routedBytesPerDay } = meteredLoad(expectedLoad);
  const renewals = monthSeconds / renewalSeconds;
  const packageGb = plant.packageMb / 1_000;
  return {
    plant,
    days,
    rounds,
    passes: passesOf(passSeconds),
    passSeconds,
    read: { raw: readOf(raw), 'landing-zone': readOf(landing) },
    stored: {
      raw,
      processed,
      'landing-zone': landing,
      'packaged-models': store('packaged-models', rounds * packageGb, rounds * 2),
      models: store('models', rounds * packageGb, rounds * 2),
    },
    jobMinutesPerRound: assumed.jobMinutesPerRound,
    imageBuilds: assumed.imageBuilds,
    vaultOperations: assumed.vaultOperations,
    trainingHoursPerRound: assumed.trainingMinutesPerRound / 60,
    busyPart: (messagesPerDay * messageBytes) / (24 * secondsPerHour) >= idleBytesPerSecond ? 1 : assumed.busyPart,
    pollsPerQueue: monthSeconds / jobs.pollingIntervalSeconds,
    logGbPerProgramHour: assumed.logBytesPerProgramHour / gigabyte,
    buildVcpuSeconds: assumed.buildSeconds * assumed.buildVcpus,
    events: landing.blobs + raw.blobs + rounds * assumed.filesPerRound,
    deviceMessages: messagesPerDay * days * Math.ceil(messageBytes / eventBytes),
    retainedGb: (routedBytesPerDay * (eventHubs.retentionHours / 24)) / gigabyte,
    checkpointCalls:
      renewals * (1 + eventHubs.partitions) + Math.min(messagesPerDay * days, (eventHubs.partitions * monthSeconds) / checkpointSeconds),
    egressGb: rounds * plant.modelDevices * packageGb,
    logCapGb: logs.dailyQuotaGb < 0 ? Infinity : logs.dailyQuotaGb * days,
  };
}
