import { meteredLoad } from '../../components/configuration/expectedLoad';
import { monthlyGrants } from './charge';
import { assumed, type MonthlyUse, type UseSources } from '../../components/configuration/monthlyUse';
import { sizes, type PlantData, type PlantMeasure } from '../../components/configuration/plantData';
import { horizonDays, sumOfDays, tiers, type TierDays } from '../../components/configuration/storageTiers';

export interface Assumption {
  readonly what: string;
  readonly value: string;
  readonly from: string;
}

const rounded = (value: number): string =>
  value === 0 ? '0' : value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(2)));
const inTiers = (days: TierDays) =>
  sumOfDays(days) === 0
    ? 'not kept'
    : tiers
        .filter((tier) => days[tier] > 0)
        .map((tier) => `${days[tier]} days ${tier}`)
        .join(', ');
const seconds = (value: number) =>
  value < 120 ? `${rounded(value)} s` : value < 7_200 ? `${rounded(value / 60)} minutes` : `${rounded(value / 3_600)} hours`;
const modelDevices = ({ modelDevices: count }: PlantData) => `${count} device${count === 1 ? '' : 's'}`;

/** What the devices with the model bring. */
function plantAssumptions(
  { edgeSite, expectedLoad }: UseSources,
  { plant }: MonthlyUse,
  lineHours: number,
  hoursPerMonth: number,
): Assumption[] {
  const measure = (what: string, key: PlantMeasure, value: string, derived: string, setting: string): Assumption =>
    expectedLoad[key] === undefined
      ? {
          what,
          value: `${value}: ${derived} of each of ${modelDevices(plant)} in ${rounded(lineHours)} of ${hoursPerMonth} hours`,
          from: `${setting}; expectedLoad.${key} says otherwise`,
        }
      : { what, value, from: `expectedLoad.${key}` };
  return [
    {
      what: 'devices with the model',
      value: String(plant.modelDevices),
      from:
        expectedLoad.modelDevices === undefined
          ? 'as many as expectedLoad.devices; expectedLoad.modelDevices says otherwise'
          : 'expectedLoad.modelDevices',
    },
    measure(
      'raw data',
      'rawGbPerDay',
      `${rounded(plant.rawGbPerDay)} GB a day, in files of ${assumed.rawFileMb} MB`,
      `${sizes.bytesPerSample} bytes every ${edgeSite.sampleIntervalMs} ms`,
      'edgeSite.sampleIntervalMs',
    ),
    measure(
      'inference data',
      'inferenceGbPerDay',
      `${rounded(plant.inferenceGbPerDay)} GB a day, in batches of ${edgeSite.batchMaxRecords} records`,
      `${sizes.bytesPerRecord} bytes a record, compressed, one for each sample and one for each window`,
      'edgeSite.sampleIntervalMs',
    ),
    measure(
      'telemetry of the edge',
      'telemetryGbPerDay',
      `${rounded(plant.telemetryGbPerDay)} GB a day`,
      `${sizes.itemsPerInterval} items of ${sizes.bytesPerItem} bytes every ${edgeSite.telemetryIntervalMs} ms`,
      'edgeSite.telemetryIntervalMs',
    ),
    {
      what: 'samples of metrics',
      value: `${rounded(plant.metricSamplesPerDay)} a day${expectedLoad.metricSamplesPerDay === undefined ? `: one for each ${sizes.bytesPerItem} bytes of telemetry` : ''}`,
      from:
        expectedLoad.metricSamplesPerDay === undefined
          ? 'assumed; expectedLoad.metricSamplesPerDay says otherwise'
          : 'expectedLoad.metricSamplesPerDay',
    },
  ];
}

/** How long data stay, and in which tier. */
const storageAssumptions = ({ stored }: MonthlyUse): Assumption[] => [
  {
    what: 'raw data stay',
    value: `${inTiers(stored.raw.days)}; what is not deleted as it stands after ${horizonDays} days`,
    from: 'storage.*',
  },
  {
    what: 'data versions',
    value: `${assumed.windowsPart * 100} % of all data that are kept, in each round; ${inTiers(stored.processed.days)}`,
    from: 'assumed, storage.*',
  },
  { what: 'inference data stay', value: inTiers(stored['landing-zone'].days), from: 'storage.*' },
];

/** How often the loop goes round, and what each round takes. */
const roundAssumptions = ({ expectedLoad, retrain, dataset }: UseSources, use: MonthlyUse): Assumption[] => [
  {
    what: 'the loop goes round',
    value: `${rounded(use.rounds)} times: when there are ${retrain.minNewWindows} new windows and ${retrain.minIntervalSeconds} s have passed, and once for a delivered file`,
    from: 'retrain.*',
  },
  {
    what: 'a round',
    value: `${assumed.jobMinutesPerRound} minutes of each job and ${assumed.trainingMinutesPerRound} minutes of one training node`,
    from: 'assumed',
  },
  {
    what: 'the data pipeline',
    value: `${rounded(use.passes)} passes of ${seconds(use.passSeconds)}, each of which reads all that is kept: ${assumed.readsPerSecond} blobs and ${assumed.readBytesPerSecond / 1e6} MB a second`,
    from: `assumed; dataset.settleSeconds, ${dataset.settleSeconds} s, is part of it`,
  },
  {
    what: 'packages',
    value: `${rounded(use.plant.packageMb)} MB, once in each round to ${modelDevices(use.plant)}; they leave Azure over the Internet`,
    from: expectedLoad.packageMb === undefined ? 'assumed; expectedLoad.packageMb says otherwise' : 'expectedLoad.packageMb',
  },
];

/** What the hub carries, and how busy that keeps the delivery program. */
const messageAssumptions = ({ expectedLoad, eventHubs }: UseSources, use: MonthlyUse): Assumption[] => [
  {
    what: 'messages of devices',
    value: `${rounded(expectedLoad.messagesPerDay)} a day of ${expectedLoad.messageBytes} bytes, each an event of the event hub, ${rounded(meteredLoad(expectedLoad).routedBytesPerDay / 1e9)} GB a day with what the hub adds, kept for ${eventHubs.retentionHours} hours`,
    from: 'expectedLoad, eventHubs.retentionHours',
  },
  {
    what: 'the delivery program',
    value: `busy ${use.busyPart * 100} % of its time, billed as idle else; 1,000 bytes of messages a second keep it busy`,
    from: 'assumed, expectedLoad',
  },
];

/** Everything that an estimate rests on and no resource says, with where each comes from. */
export function assumptions(sources: UseSources, use: MonthlyUse, lineHours: number, hoursPerMonth: number): Assumption[] {
  const capped = Number.isFinite(use.logCapGb)
    ? `, and no more than ${rounded(sources.logs.dailyQuotaGb)} GB a day: the rest is not collected`
    : '';
  return [
    ...plantAssumptions(sources, use, lineHours, hoursPerMonth),
    ...storageAssumptions(use),
    ...roundAssumptions(sources, use),
    ...messageAssumptions(sources, use),
    {
      what: 'logs',
      value: `${assumed.logBytesPerProgramHour / 1e6} MB for each hour of a program, 1 KB for each call that a storage log records${capped}`,
      from: 'assumed, logs.dailyQuotaGb',
    },
    { what: 'image builds', value: `${assumed.imageBuilds} of ${assumed.buildSeconds} s on ${assumed.buildVcpus} vCPU`, from: 'assumed' },
    {
      what: 'free grants',
      value: `180,000 vCPU seconds and 360,000 GiB seconds of Container Apps, 5 GB of logs, 100,000 event operations, 10 metric alerts, ${monthlyGrants.egress} GB to the Internet: this stack is the only one that uses them`,
      from: 'assumed',
    },
  ];
}
