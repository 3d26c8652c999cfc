import { at, isA, number, text, type Charge, type ChargeContext, type PricedResource, type Rule, type Values } from './charge';
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
const isBasic = (all: readonly PricedResource[], table: string) => text(at(tableOf(all, table), 'plan')).toLowerCase() === 'basic';

/** What is expected to be collected in a month, before the cap: what is dearest, with its archive, first. */
export function logVolumes({ use, hoursPerMonth, all }: ChargeContext): Volume[] {
  const programHours =
    all.filter(isA('app:ContainerApp')).reduce((sum, app) => sum + appHours(app.inputs, hoursPerMonth) * containers(app.inputs).length, 0) +
    all.filter(isA('app:Job')).length * ((use.rounds * use.jobMinutesPerRound) / 60);
  const logged = (service: string) =>
    all
      .filter(isA('monitor:DiagnosticSetting'))
      .some((one) => text(one.inputs['resourceUri']).toLowerCase().includes(`/${service.toLowerCase()}/`));
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

/** Everything that is logged ends in a workspace, so it is counted there. Where a cap cuts it, what is dearest is taken for collected: it costs no more than that. */
export const logWorkspace: Rule = ({ inputs }, context) => {
  const { all, use } = context;
  const workspaceDays = number(inputs['retentionInDays'], freeDays);
  const collected = logVolumes(context).sort((a, b) => Number(isBasic(all, a.table)) - Number(isBasic(all, b.table)));
  let left = use.logCapGb;
  return collected.flatMap(({ what, table, gb, freeDays: free }): Charge[] => {
    const taken = Math.min(gb, left);
    left -= taken;
    const told = taken < gb ? `${what}, cut by the daily cap` : what;
    const settings = tableOf(all, table);
    const basic = isBasic(all, table);
    const askable = basic ? basicDays : number(at(settings, 'retentionInDays'), workspaceDays);
    const total = Math.max(askable, number(at(settings, 'totalRetentionInDays'), askable));
    return [
      { what: told, price: basic ? 'logs/basic' : 'logs/analytics', units: taken, ...(basic ? {} : { grant: 'logs' as const }) },
      {
        what: `${what}, kept beyond ${free} days`,
        price: 'logs/retention',
        units: basic ? 0 : (taken * Math.max(0, askable - free)) / daysPerMonth,
      },
      {
        what: `${what}, archive`,
        price: 'logs/archive',
        units: (taken * Math.max(0, total - Math.max(askable, basic ? 0 : free))) / daysPerMonth,
      },
    ];
  });
};
