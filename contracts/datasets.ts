import { packageIdOf } from './nameBasedUuid';

/**
 * A factory's programs work on the factory's own data set and, beside it, on those of smoke tests: `smoke-<id>`, one a test. All smoke
 * tests of a factory share one model and one package name, each test the next version of it: a site has few places for packages, and
 * the wire to it knows no way to take one away.
 */
const smokePattern = /^smoke-[a-z0-9]{4,24}$/;
const smokeLine = 'smoke';
export const smokePrefix = `${smokeLine}-`;
export const isSmokeDataset = (dataset: string): boolean => smokePattern.test(dataset);
/** Names that a factory's own data set must not have. */
export const isReservedDataset = (dataset: string): boolean => dataset === smokeLine || dataset.startsWith(smokePrefix);

/** Whether the programs of the factory with this data set of its own work on `dataset`. */
export const isAcceptedDataset = (factoryDataset: string, dataset: string): boolean =>
  dataset === factoryDataset || isSmokeDataset(dataset);

/** The data set that a raw blob belongs to: its first folder; a file outside of any folder is the factory's own. */
export function datasetOfRawBlob(factoryDataset: string, name: string): string {
  const slash = name.indexOf('/');
  return slash < 0 ? factoryDataset : name.slice(0, slash);
}

const modelName = (factory: string, line: string) => `${factory}-${line}`;
export const packageName = (line: string) => `${line}-anomaly-detection`;

/** What a data set's model, package and artifacts are called in the services. */
export interface LoopNames {
  readonly model: string;
  readonly packageName: string;
  readonly packageId: string;
  readonly modelRepository: string;
  readonly packageRepository: string;
  /** Data asset of the workspace whose versions are data versions. */
  readonly dataAsset: string;
}
export function loopNames(factory: string, dataset: string): LoopNames {
  const line = isSmokeDataset(dataset) ? smokeLine : dataset;
  const [model, name] = [modelName(factory, line), packageName(line)];
  return {
    model,
    packageName: name,
    packageId: packageIdOf(factory, name),
    modelRepository: `models/${model}`,
    packageRepository: `packages/${factory}/${name}`,
    dataAsset: line,
  };
}
/** The names of every smoke test of a factory. */
export const smokeNames = (factory: string): LoopNames => loopNames(factory, `${smokePrefix}0000`);
