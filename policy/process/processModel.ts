import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stacksIn } from '../../plan/stackFile';
import { certificatePipeline, expandedPipeline, mainPipeline, type Node, type ProcessFiles } from './pipelineFiles';
import { lanesOf, stagesOf, type Lane, type PipelineStage } from './pipelineModel';

/** How the project is built, judged and deployed, as rules see it. */
export interface Process {
  readonly main: { readonly [key: string]: Node };
  readonly stages: readonly PipelineStage[];
  readonly certificates: { readonly [key: string]: Node };
  readonly certificateStages: readonly PipelineStage[];
  readonly lanes: readonly Lane[];
  readonly secretScan: string;
  /** Stacks that are shipped, and the file of those with exceptions from the policy pack. */
  readonly stacks: readonly { readonly name: string; readonly exceptions: string | undefined }[];
  /** Versions of package.json, by package. */
  readonly versions: Readonly<Record<string, string>>;
}

export function processOf(files: ProcessFiles, root: string): Process {
  const [main, certificates] = [expandedPipeline(files, mainPipeline), expandedPipeline(files, certificatePipeline)];
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  return {
    main,
    certificates,
    stages: stagesOf(main),
    certificateStages: stagesOf(certificates),
    lanes: lanesOf(files.text['.ci/run'] ?? ''),
    secretScan: files.text['.ci/secret-scan'] ?? '',
    stacks: stacksIn(root).map((name) => ({
      name,
      exceptions: existsSync(join(root, 'policy', 'exceptions', `${name}.json`)) ? `policy/exceptions/${name}.json` : undefined,
    })),
    versions: { ...dependencies, ...devDependencies },
  };
}
