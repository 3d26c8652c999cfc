import { at, below, isA, text, type Charge, type ChargeContext, type PricedResource, type ChargeRule } from './charge';
import { assumed, type MonthlyUse, type Stored } from '../../components/configuration/monthlyUse';
import { tiers } from '../../components/configuration/storageTiers';

const readsPerWrite = 3;
const perOperations = 10_000;

interface AccountUse {
  readonly held: readonly Stored[];
  readonly writes: number;
  readonly reads: number;
  /** GB of a tier below hot that is read again. */
  readonly read: readonly { readonly stored: Stored; readonly times: number }[];
}

/** What the programs do with the blobs of an account, by the containers that it has. */
function accountUse(names: ReadonlySet<string>, use: MonthlyUse): AccountUse {
  const held = (Object.keys(use.stored) as (keyof MonthlyUse['stored'])[])
    .filter((name) => names.has(name))
    .map((name) => use.stored[name]);
  const passes = (Object.keys(use.read) as (keyof MonthlyUse['read'])[])
    .filter((name) => names.has(name))
    .map((name) => ({ stored: use.stored[name], ...use.read[name] }));
  const written = held.reduce((sum, { blobs }) => sum + blobs, 0) + use.rounds * assumed.filesPerRound;
  return {
    held,
    writes: written + (names.has('checkpoints') ? use.checkpointCalls : 0),
    reads: readsPerWrite * written + passes.reduce((sum, { blobs }) => sum + blobs, 0),
    read: passes,
  };
}

const containersOf = (account: PricedResource, all: readonly PricedResource[]) =>
  new Set(
    all
      .filter(isA('storage:BlobContainer'))
      .filter(below(account))
      .map(({ inputs }) => text(inputs['containerName'])),
  );
const queueCalls = (queues: number, use: MonthlyUse) => queues * use.pollsPerQueue * 2 + use.events * 4;

/** Calls of all accounts, each of which a log of the service records. */
export function loggedCalls({ all, use }: Pick<ChargeContext, 'all' | 'use'>): { readonly blobs: number; readonly queues: number } {
  const accounts = all.filter(isA('storage:StorageAccount')).map((account) => accountUse(containersOf(account, all), use));
  return {
    blobs: accounts.reduce((sum, { writes, reads }) => sum + writes + reads, 0),
    queues: queueCalls(all.filter(isA('storage:Queue')).length, use),
  };
}

export const storageAccount: ChargeRule = (account, { use, all }) => {
  const redundancy = text(at(account.inputs, 'sku', 'name')).replace(/^(Standard|Premium)_/, '');
  const names = containersOf(account, all);
  const { held, writes, reads, read } = accountUse(names, use);
  const queues = all.filter(isA('storage:Queue')).filter(below(account)).length;
  const colder = tiers.slice(1);
  const moved = (tier: (typeof tiers)[number]) => held.reduce((sum, { blobs, days }) => sum + (days[tier] > 0 ? blobs : 0), 0);
  return [
    ...tiers.map((tier): Charge => ({
      what: tier === 'hot' ? 'data' : `data, ${tier}`,
      price: `blob/${tier}-${redundancy}`,
      units: held.reduce((sum, { gb, days }) => sum + (gb / use.days) * days[tier], 0),
    })),
    { what: 'writes', price: `blob/write-${redundancy}`, units: writes / perOperations },
    { what: 'reads', price: 'blob/read', units: reads / perOperations },
    ...colder.map((tier): Charge => ({
      what: `moves to ${tier}`,
      price: `blob/${tier}-write-${redundancy}`,
      units: moved(tier) / perOperations,
    })),
    ...colder.map((tier): Charge => ({
      what: `reads of ${tier} data`,
      price: `blob/${tier}-retrieval`,
      units: read.reduce((sum, { stored, times }) => sum + times * (stored.gb / use.days) * stored.readable[tier], 0),
    })),
    ...(redundancy.includes('G')
      ? [{ what: 'copies to the second region', price: 'blob/geo-replication', units: held.reduce((sum, { gb }) => sum + gb, 0) }]
      : []),
    ...(queues > 0 ? [{ what: 'queues', price: 'queue/operation', units: queueCalls(queues, use) / perOperations }] : []),
    ...(names.has('packaged-models')
      ? [{ what: 'packages to devices', price: 'bandwidth/internet', units: use.egressGb, grant: 'egress' as const }]
      : []),
  ];
};
