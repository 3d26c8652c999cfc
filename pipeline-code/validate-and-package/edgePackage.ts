import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { digestFileName, digestLine, packageFileName, packageFolder } from '../../contracts/edgePackage';
import { renderFeaturePython } from '../../contracts/features/renderPython';
import { deterministicZip } from './deterministicZip';
import {
  componentVersion,
  datalinkMetadata,
  modelServerConfiguration,
  type PackageDescription,
  pipelineConfiguration,
  runtimeConfiguration,
  telemetryData,
} from './packageConfiguration';
import postprocess from './postprocess.py';
import preprocess from './preprocess.py';

export interface EdgePackage {
  readonly zip: Buffer;
  readonly sha256: string;
  readonly digest: string;
  /** Names inside the packaged-models container. */
  readonly zipBlob: string;
  readonly digestBlob: string;
}

const maximumPackageBytes = 2.2e9;

/** YAML 1.1 rules decide the quoting because PyYAML reads it: `3`, `No` and times stay strings. */
const yaml = (value: unknown) => stringify(value, { version: '1.1', sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function readme({ packageName, packageVersion, packageId, factory, signature }: PackageDescription): string {
  const rows = Object.entries({
    'Package id': packageId,
    Version: packageVersion,
    Factory: factory,
    Model: signature.model,
    'Data version': signature.dataVersion,
    Window: `${signature.features.windowSeconds} s every ${signature.features.strideSeconds} s`,
    Sensors: signature.features.sensors.map(({ name }) => name).join(', '),
    Threshold: String(signature.threshold),
  }).map(([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(value)}</td></tr>`);
  return `<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>${escapeHtml(packageName)}</title></head><body>\n<h1>${escapeHtml(packageName)}</h1>\n<table>\n${rows.join('\n')}\n</table>\n</body></html>\n`;
}

const requirements = { name: 'requirements.txt', content: '# Runtime dependencies\n' };

/** The edge configuration package of a model: the same description and graph give the same bytes everywhere. */
export async function buildEdgePackage(description: PackageDescription, onnx: Buffer): Promise<EdgePackage> {
  const { packageId, packageName, packageVersion, signature } = description;
  const component = async (name: string, entries: Parameters<typeof deterministicZip>[0]) => ({
    name: `components/${name}_${componentVersion}.zip`,
    content: await deterministicZip(entries),
  });
  const zip = await deterministicZip([
    { name: 'pipeline_config.yml', content: yaml(pipelineConfiguration(description)) },
    { name: 'runtime_config.yml', content: yaml(runtimeConfiguration(description)) },
    { name: 'datalink_metadata.yml', content: yaml(datalinkMetadata(description)) },
    { name: 'telemetry_data.yml', content: yaml(telemetryData()) },
    { name: 'README.html', content: readme(description) },
    { name: 'components/', content: '' },
    await component('preprocess', [
      requirements,
      { name: 'preprocess.py', content: preprocess },
      { name: 'feature_windows.py', content: renderFeaturePython(signature.features) },
    ]),
    await component('model', [
      { name: 'config.pbtxt', content: modelServerConfiguration(signature) },
      { name: '1/model.onnx', content: onnx },
    ]),
    await component('postprocess', [requirements, { name: 'postprocess.py', content: postprocess }]),
  ]);
  if (zip.length > maximumPackageBytes)
    throw new Error(
      `expected a package of at most ${maximumPackageBytes} bytes, got ${zip.length}: the model is too large for the inference server`,
    );
  const sha256 = createHash('sha256').update(zip).digest('hex');
  const folder = packageFolder(packageId, packageVersion);
  const fileName = packageFileName(packageName, packageVersion);
  return {
    zip,
    sha256,
    digest: digestLine(sha256, fileName),
    zipBlob: `${folder}/${fileName}`,
    digestBlob: `${folder}/${digestFileName(packageName, packageVersion)}`,
  };
}
