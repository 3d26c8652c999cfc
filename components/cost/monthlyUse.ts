import type { Configuration } from '../configuration';

/** What nobody declares and the bill depends on. */
export interface MonthlyUse {
  /** Hours in which the line sends data. */
  readonly lineHours: number;
  /** Gigabytes in a month. */
  readonly rawGb: number;
  readonly processedGb: number;
  readonly landingGb: number;
  readonly logGbPerProgramHour: number;
  readonly edgeTelemetryGb: number;
  readonly metricSamples: number;
  /** Months for which data stay. */
  readonly keptMonths: number;
  /** How often the loop goes round. */
  readonly rounds: number;
  readonly jobMinutesPerRound: number;
  /** A node starts, trains, and waits before it is given back. */
  readonly trainingHoursPerRound: number;
  /** Part of its time in which an app that waits for work is busy; the rest is billed as idle. */
  readonly busyPart: number;
  readonly imageBuilds: number;
  readonly buildVcpuSeconds: number;
  readonly blobWrites: number;
  readonly events: number;
  /** What the hub hands on to the event hub, in units of 64 KB. */
  readonly deviceMessages: number;
  /** How often a program or the platform looks whether there is work. */
  readonly pollsPerQueue: number;
  readonly vaultOperations: number;
}
export interface Assumption { readonly what: string; readonly value: string; readonly from: string }

type Sources = Pick<Configuration, 'dataset' | 'retrain' | 'jobs' | 'edgeSite' | 'expectedLoad'>;

const bytesPerSample = 200;
const bytesPerRecord = 60;
const itemsPerInterval = 15;
const bytesPerItem = 1_000;
const logBytesPerProgramHour = 1_000_000;
const [keptMonths, jobMinutesPerRound, trainingMinutesPerRound, busyPart, imageBuilds, buildSeconds, buildVcpus, filesPerRound, vaultOperations] = [12, 3, 20, 0.1, 20, 120, 2, 40, 10_000];
const gigabyte = 1e9;
/** Event Hubs bill an event for each begun 64 KB. */
const eventBytes = 65_536;
const rounded = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));

/** The use of a month, from the stack's settings and from assumptions, each of which is said. */
export function monthlyUse({ dataset, retrain, jobs, edgeSite, expectedLoad }: Sources, lineHours: number, hoursPerMonth: number): { readonly use: MonthlyUse; readonly assumptions: readonly Assumption[] } {
  const samples = (lineHours * 3_600_000) / edgeSite.sampleIntervalMs;
  const intervals = (lineHours * 3_600_000) / edgeSite.telemetryIntervalMs;
  const records = samples + (lineHours * 3_600) / dataset.strideSeconds;
  const rounds = Math.min((hoursPerMonth * 3_600) / Math.max(1, retrain.minIntervalSeconds), (lineHours * 3_600) / (dataset.strideSeconds * retrain.minNewWindows) + 1);
  const batches = Math.max(records / edgeSite.batchMaxRecords, 0);
  const pollsPerQueue = (hoursPerMonth * 3_600) / jobs.pollingIntervalSeconds;
  const use: MonthlyUse = {
    lineHours, rounds, keptMonths, jobMinutesPerRound, busyPart, imageBuilds, vaultOperations, pollsPerQueue,
    rawGb: (samples * bytesPerSample) / gigabyte, processedGb: (samples * bytesPerSample) / 2 / gigabyte, landingGb: (records * bytesPerRecord) / gigabyte,
    logGbPerProgramHour: logBytesPerProgramHour / gigabyte, edgeTelemetryGb: (intervals * itemsPerInterval * bytesPerItem) / gigabyte, metricSamples: intervals * itemsPerInterval,
    trainingHoursPerRound: trainingMinutesPerRound / 60, buildVcpuSeconds: buildSeconds * buildVcpus, blobWrites: 3 * batches + rounds * filesPerRound, events: 2 * batches + rounds * filesPerRound,
    deviceMessages: (expectedLoad.messagesPerDay * hoursPerMonth * Math.ceil(expectedLoad.messageBytes / eventBytes)) / 24,
  };
  return {
    use,
    assumptions: [
      { what: 'the line sends data', value: `${rounded(lineHours)} of ${hoursPerMonth} hours, one sample every ${edgeSite.sampleIntervalMs} ms`, from: edgeSite.enabled ? 'edgeSite.hours, edgeSite.sampleIntervalMs' : 'a plant; edgeSite.sampleIntervalMs' },
      { what: 'raw data', value: `${rounded(use.rawGb)} GB a month: ${bytesPerSample} bytes a sample, half as much again for windows`, from: 'assumed' },
      { what: 'landing zone', value: `${rounded(use.landingGb)} GB a month: ${bytesPerRecord} bytes a record, compressed`, from: 'assumed' },
      { what: 'data stay', value: `${keptMonths} months, all of them in the hot tier: lifecycle rules make it cheaper`, from: 'assumed' },
      { what: 'the loop goes round', value: `${rounded(rounds)} times: when there are ${retrain.minNewWindows} new windows and ${retrain.minIntervalSeconds} s have passed, and once for a delivered file`, from: 'retrain.*' },
      { what: 'a round', value: `${jobMinutesPerRound} minutes of each job and ${trainingMinutesPerRound} minutes of one training node`, from: 'assumed' },
      { what: 'apps that wait for work', value: `busy ${busyPart * 100} % of their time, billed as idle else`, from: 'assumed' },
      { what: 'telemetry of the edge', value: `${itemsPerInterval} items of ${bytesPerItem} bytes every ${edgeSite.telemetryIntervalMs} ms while the line runs`, from: 'edgeSite.telemetryIntervalMs' },
      { what: 'logs', value: `${logBytesPerProgramHour / 1e6} MB for each hour of a program, 1 KB for each call that a storage log records`, from: 'assumed' },
      { what: 'messages of devices', value: `${expectedLoad.messagesPerDay} a day of ${expectedLoad.messageBytes} bytes, each an event of the event hub`, from: 'expectedLoad' },
      { what: 'image builds', value: `${imageBuilds} of ${buildSeconds} s on ${buildVcpus} vCPU`, from: 'assumed' },
      { what: 'free grants', value: '180,000 vCPU seconds and 360,000 GiB seconds of Container Apps, 5 GB of logs, 100,000 event operations, 10 metric alerts: this stack is the only one that uses them', from: 'assumed' },
    ],
  };
}
