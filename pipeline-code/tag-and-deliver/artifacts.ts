import { type LoopNames } from '../../contracts/datasets';
import { digestFileName, digestLine, packageFolder } from '../../contracts/edgePackage';
import { modelFiles } from '../../contracts/modelCatalog';
import { type DeliveryRecord } from '../../contracts/deliveryRecord';
import { deliveryIdOf, projectIdOf } from '../../contracts/nameBasedUuid';
import { type TagAndDeliverSettings } from '../../contracts/settings/tagAndDeliver';
import { type Artifact } from '../clients/containerRegistry';
import { type CatalogVersion } from '../clients/machineLearning';

/** Where a digest file stands: `<packageId>/<version>/<name>.sha256`. */
export interface PackageLocation {
  readonly packageId: string;
  readonly packageVersion: string;
  readonly digestBlob: string;
}
const digestBlobName = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\/([1-9]\d{0,9})\/[^/]{1,200}\.sha256$/;

export function parseDigestBlob(name: string): PackageLocation | undefined {
  const match = digestBlobName.exec(name);
  return match?.[1] && match[2] ? { packageId: match[1], packageVersion: match[2], digestBlob: name } : undefined;
}

/** The package of a delivery that a person has decided about. */
export const packageLocationOf = ({ packageId, packageVersion, packageName }: DeliveryRecord): PackageLocation => ({
  packageId,
  packageVersion,
  digestBlob: `${packageFolder(packageId, packageVersion)}/${digestFileName(packageName, packageVersion)}`,
});

/** Content of a digest file: the digest and the name of the zip beside it. */
export function parseDigest(content: string): { readonly sha256: string; readonly fileName: string } | undefined {
  const match = /^([0-9a-f]{64}) {2}([^/\s][^/\r\n]{0,199}\.zip)$/.exec(content);
  return match?.[1] && match[2] && digestLine(match[1], match[2]) === content ? { sha256: match[1], fileName: match[2] } : undefined;
}

export interface Released {
  readonly model: CatalogVersion;
  readonly location: PackageLocation;
  readonly fileName: string;
  readonly sha256: string;
  readonly packageName: string;
  /** When the gate let it pass: the artifacts of one release carry one time, however often they are pushed. */
  readonly createdAt: string | undefined;
  readonly onnx: Buffer;
  readonly signature: Buffer;
  readonly zip: Buffer;
}

/** Why this package is not the one that the gate let pass; undefined when it is. */
export function packageProblem(model: CatalogVersion | undefined, location: PackageLocation, sha256: string): string | undefined {
  if (!model) return `the catalog has no version ${location.packageVersion}`;
  const { stage, packageId, packageVersion, packageSha256 } = model.tags;
  if (stage !== 'validated' && stage !== 'released') return `model version ${model.version} has the stage ${stage}, expected validated`;
  if (packageId !== location.packageId || packageVersion !== location.packageVersion)
    return `the catalog names package ${packageId} version ${packageVersion}, the blob is ${location.packageId} version ${location.packageVersion}`;
  return packageSha256 === sha256 ? undefined : `the catalog names digest ${packageSha256}, the digest file ${sha256}`;
}

const configMediaType = 'application/vnd.factory-loop.config.v1+json';

function annotations(settings: TagAndDeliverSettings, { model, createdAt, location }: Released, title: string): Record<string, string> {
  return {
    ...(createdAt === undefined ? {} : { 'org.opencontainers.image.created': createdAt }),
    'org.opencontainers.image.title': title,
    'org.opencontainers.image.version': model.version,
    'org.opencontainers.image.revision': settings.SOURCE_COMMIT,
    'factory-loop.factory': settings.FACTORY,
    'factory-loop.model': model.name,
    'factory-loop.dataset': model.tags.dataset,
    'factory-loop.data-version': model.tags.dataVersion,
    'factory-loop.training-job': model.tags.trainingJob,
    'factory-loop.package-id': location.packageId,
    'factory-loop.pipeline-version': settings.PIPELINE_VERSION,
  };
}

/** Model and package as OCI artifacts, tagged with the model version. */
export function artifactsOf(
  settings: TagAndDeliverSettings,
  names: LoopNames,
  released: Released,
): { readonly model: Artifact; readonly package: Artifact } {
  const { model, location, sha256, fileName } = released;
  const config = (value: Record<string, string>) => ({ mediaType: configMediaType, content: Buffer.from(JSON.stringify(value)) });
  return {
    model: {
      repository: names.modelRepository,
      tag: model.version,
      artifactType: 'application/vnd.factory-loop.model.v1',
      config: config({ model: model.name, version: model.version, dataVersion: model.tags.dataVersion }),
      layers: [
        { mediaType: 'application/vnd.onnx', fileName: modelFiles.onnx, content: released.onnx },
        { mediaType: 'application/json', fileName: modelFiles.signature, content: released.signature },
      ],
      annotations: annotations(settings, released, `${model.name} ${model.version}`),
    },
    package: {
      repository: names.packageRepository,
      tag: model.version,
      artifactType: 'application/vnd.siemens.edge-configuration-package.v1',
      config: config({ packageId: location.packageId, packageVersion: location.packageVersion, sha256 }),
      layers: [{ mediaType: 'application/zip', fileName, content: released.zip }],
      annotations: annotations(settings, released, fileName),
    },
  };
}

/** The tags of step 7; everything else of the model version stays. A model is released once its delivery may go. */
export const releaseTags = (
  settings: TagAndDeliverSettings,
  digests: { readonly model: string; readonly package: string },
  state: DeliveryRecord['state'],
  now: Date,
): Record<string, string> => ({
  stage: state === 'AwaitingApproval' ? 'validated' : 'released',
  pipelineVersion: settings.PIPELINE_VERSION,
  taggedAt: now.toISOString(),
  modelDigest: digests.model,
  packageDigest: digests.package,
});

/** A model that a person does not let go is as good as one that the gate refused: nothing packages or delivers it any more. */
export const refusedTags = ({ decision }: DeliveryRecord): Record<string, string> => ({
  stage: 'rejected',
  rejectedBecause: `${decision?.by ?? 'a person'} rejected it${decision?.reason === undefined ? '' : `: ${decision.reason}`}`.slice(0, 256),
});

export function openedRecord(
  settings: TagAndDeliverSettings,
  { model, location, sha256, packageName, fileName, zip }: Released,
  now: Date,
): DeliveryRecord {
  const at = now.toISOString();
  return {
    schemaVersion: '1',
    deliveryId: deliveryIdOf(location.packageId, location.packageVersion, settings.DEVICE_ID),
    projectId: projectIdOf(settings.FACTORY),
    factory: settings.FACTORY,
    deviceId: settings.DEVICE_ID,
    packageId: location.packageId,
    packageVersion: location.packageVersion,
    packageName,
    packageBlob: `${location.packageId}/${location.packageVersion}/${fileName}`,
    sha256,
    sizeBytes: zip.length,
    modelName: model.name,
    modelVersion: model.version,
    dataVersion: model.tags.dataVersion,
    ...(model.tags.gateFigures === undefined ? {} : { gateFigures: model.tags.gateFigures }),
    state: settings.RELEASE === 'automatic' ? 'Opened' : 'AwaitingApproval',
    openedAt: at,
    updatedAt: at,
    announcements: 0,
    history: [],
  };
}
