import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { findPulumi } from '../../../commands/up/pulumiCli';
import { root } from './engineRegion';

/** Why the lane does not run here; undefined when it does. With FACTORY_LOOP_ENGINE=required nothing is an excuse. */
export function engineMissing(): string | undefined {
  try {
    findPulumi(root, process.env);
    return undefined;
  } catch (error) {
    if (process.env['FACTORY_LOOP_ENGINE'] === 'required') throw error;
    return `the engine lane is skipped: ${(error as Error).message}`;
  }
}

const majorOf = (folder: string): number | undefined => {
  const version = /^v(\d+)/.exec(spawnSync(join(folder, 'node'), ['--version'], { encoding: 'utf8', timeout: 10_000 }).stdout ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
};
const isOlder = (folder: string) => (majorOf(folder) ?? Infinity) < 22;

/** Folder of a Node on this machine that is too old for the program; undefined when there is none. Who names one with FACTORY_LOOP_OLD_NODE learns when it is none. */
export function olderNode(): string | undefined {
  const named = process.env['FACTORY_LOOP_OLD_NODE'];
  if (named !== undefined && !isOlder(named))
    throw new Error(`FACTORY_LOOP_OLD_NODE is ${named}: expected a folder with a node older than 22, found ${majorOf(named) ?? 'none'}`);
  return named ?? [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'].find(isOlder);
}
