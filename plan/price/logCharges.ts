import {
  at,
  isA,
  monthlyGrants,
  number,
  text,
  type Charge,
  type ChargeContext,
  type PricedResource,
  type ChargeRule,
  type Values,
} from './charge';
import { appHours, containers } from './runningHours';
import { loggedCalls } from './storageCharges';

interface Volume {
  readonly what: string;
  readonly table: string;
  readonly gb: number;
  readonly freeDays: number;
}

/** Days for which Log Analytics keeps a table without a charge: longer for those of Application Insights. */
const [freeDays, freeDaysOfInsights] = [31, 90];
const daysPerMonth = 30.4;
const basicDays = 30;
const bytesPerCall = 1_000;

/** What a deployment of the stack sets for a table. */
const tableOf = (all: readonly PricedResource[], table: string) => {
  const set = all
    .filter(isA('resources:Deployment'))
    .flatMap(({ inputs }) => (at(inputs, 'properties', 'template', 'resources') as readonly Values[] | undefined) ?? []);
  return at(
    set.find(({ type, name }) => type === 'Microsoft.OperationalInsights/workspaces/tables' && text(name).endsWith(`/${table}')]`)),
    'properties',
  );
};

/** What is expected to be collected in a month, before the cap. */
function logVolumes({ use, hoursPerMonth, all }: ChargeContext): Volume[] {
  const programHours =
    all.filter(isA('app:ContainerApp')).reduce((sum, app) => sum + appHours(app.inputs, hoursPerMonth) * containers(app.inputs).length, 0) +
    all.filter(isA('app:Job')).length * ((use.rounds * use.jobMinutesPerRound) / 60);
  const logged = (service: string) =>
    all
      .filter(isA('monitor:DiagnosticSetting'))
      .some((setting) => text(setting.inputs['resourceUri']).toLowerCase().includes(`/${service.toLowerCase()}/`));
  const calls = loggedCalls({ all, use });
  return [
    { what: 'logs of programs', table: 'ContainerAppConsoleLogs', gb: programHours * use.logGbPerProgramHour, freeDays },
    { what: 'telemetry of the edge', table: 'AppMetrics', gb: use.plant.telemetryGbPerDay * use.days, freeDays: freeDaysOfInsights },
    { what: 'StorageBlobLogs', table: 'StorageBlobLogs', gb: logged('blobServices') ? (calls.blobs * bytesPerCall) / 1e9 : 0, freeDays },
    {
      what: 'StorageQueueLogs',
      table: 'StorageQueueLogs',
      gb: logged('queueServices') ? (calls.queues * bytesPerCall) / 1e9 : 0,
      freeDays,
    },
  ];
}

/** What a table is charged for a GB, and whether a free grant may cover its ingestion. */
interface TableCharges extends Volume {
  readonly basic: boolean;
  /** Months beyond what is free, in which the table can be asked, and then as an archive. */
  readonly retentionMonths: number;
  readonly archiveMonths: number;
}

function tableCharges(volume: Volume, all: readonly PricedResource[], workspaceDays: number): TableCharges {
  const settings = tableOf(all, volume.table);
  const basic = text(at(settings, 'plan')).toLowerCase() === 'basic';
  const askable = basic ? basicDays : number(at(settings, 'retentionInDays'), workspaceDays);
  const total = Math.max(askable, number(at(settings, 'totalRetentionInDays'), askable));
  return {
    ...volume,
    basic,
    retentionMonths: basic ? 0 : Math.max(0, askable - volume.freeDays) / daysPerMonth,
    archiveMonths: Math.max(0, total - Math.max(askable, basic ? 0 : volume.freeDays)) / daysPerMonth,
  };
}

/**
 * What of each table is collected under a cap: the dearest choice, so that it costs no more than that. The grant makes the first GB of Analytics
 * tables free, so either it is used up and a table is worth its full price, or no Analytics table costs anything to take in; the dearer of the two counts.
 */
function collectedUnderCap(tables: readonly TableCharges[], capGb: number, usd: ChargeContext['usd']): readonly number[] {
  const retention = (table: TableCharges) => table.retentionMonths * usd('logs/retention') + table.archiveMonths * usd('logs/archive');
  const ingestion = ({ basic }: TableCharges) => usd(basic ? 'logs/basic' : 'logs/analytics');
  const fill = (worth: (table: TableCharges) => number) => {
    let left = capGb;
    const taken = new Map<TableCharges, number>();
    for (const table of [...tables].sort((a, b) => worth(b) - worth(a))) {
      taken.set(table, Math.min(table.gb, left));
      left -= taken.get(table) ?? 0;
    }
    return tables.map((table) => taken.get(table) ?? 0);
  };
  const cost = (taken: readonly number[]) => {
    const analytics = taken.reduce((sum, gb, index) => sum + (tables[index]?.basic === false ? gb : 0), 0);
    const full = tables.reduce((sum, table, index) => sum + (taken[index] ?? 0) * (ingestion(table) + retention(table)), 0);
    return full - Math.min(monthlyGrants.logs, analytics) * usd('logs/analytics');
  };
  const grantUsedUp = fill((table) => ingestion(table) + retention(table));
  const grantCoversAll = fill((table) => (table.basic ? ingestion(table) : 0) + retention(table));
  return cost(grantCoversAll) > cost(grantUsedUp) ? grantCoversAll : grantUsedUp;
}

/** Everything that is logged ends in a workspace, so it is counted there. */
export const logWorkspace: ChargeRule = ({ inputs }, context) => {
  const { all, use, usd } = context;
  const workspaceDays = number(inputs['retentionInDays'], freeDays);
  const tables = logVolumes(context)
    .map((volume) => tableCharges(volume, all, workspaceDays))
    .sort((a, b) => Number(a.basic) - Number(b.basic));
  const collected = collectedUnderCap(tables, use.logCapGb, usd);
  return tables.flatMap(({ what, gb, basic, freeDays: free, retentionMonths, archiveMonths }, index): Charge[] => {
    const units = collected[index] ?? 0;
    return [
      {
        what: units < gb ? `${what}, cut by the daily cap` : what,
        price: basic ? 'logs/basic' : 'logs/analytics',
        units,
        ...(basic ? {} : { grant: 'logs' as const }),
      },
      { what: `${what}, kept beyond ${free} days`, price: 'logs/retention', units: units * retentionMonths },
      { what: `${what}, archive`, price: 'logs/archive', units: units * archiveMonths },
    ];
  });
};
