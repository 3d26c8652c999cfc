/**
 * The Siemens edge configuration package, file format 1.2.0: a flat zip `{name}-edge_{version}.zip` with a `.sha256` beside it.
 * Types of what the four YAML files hold; the writer is in pipeline-code, the reader in edge-sim.
 */
export const packageFileFormatVersion = '1.2.0';
export interface Signal {
  readonly name: string;
  readonly type: string;
  readonly topic?: string;
  readonly metric?: boolean;
}
export interface PackageComponent {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly entrypoint: string;
  readonly hwType: 'CPU' | 'GPU';
  readonly runtime: { readonly type: 'python' | 'gpuruntime'; readonly version: string };
  readonly inputType: readonly Signal[];
  readonly outputType: readonly Signal[];
  readonly replicas?: number;
  readonly batch?: { readonly inputBatch: 'Yes' | 'No'; readonly outputBatch: 'Yes' | 'No' };
}
export interface PipelineConfiguration {
  readonly fileFormatVersion: string;
  readonly packageType: 'full' | 'delta';
  readonly dataFlowPipelineInfo: {
    readonly author: string;
    readonly createdOn: string;
    readonly dataFlowPipelineVersion: string;
    readonly description: string;
    readonly packageId: string;
    readonly projectName: string;
  };
  readonly dataFlowPipeline: {
    readonly components: readonly PackageComponent[];
    readonly pipelineDag: readonly { readonly source: string; readonly target: string }[];
    readonly pipelineInputs: readonly Signal[];
    readonly pipelineOutputs: readonly Signal[];
    readonly pipelineParameters?: readonly {
      readonly name: string;
      readonly type: 'String' | 'Integer' | 'Double' | 'Boolean';
      readonly defaultValue: string | number | boolean;
    }[];
  };
}
export const packageFileName = (name: string, version: string) => `${name.replaceAll(' ', '-')}-edge_${version}.zip`;
export const digestFileName = (name: string, version: string) => `${name.replaceAll(' ', '-')}-edge_${version}.sha256`;
/** Content of the digest file: hex digest, two spaces, file name, no newline at the end. */
export const digestLine = (sha256: string, fileName: string) => `${sha256}  ${fileName}`;
/** Folder of a package in the packaged-models container. */
export const packageFolder = (packageId: string, version: string) => `${packageId}/${version}`;
