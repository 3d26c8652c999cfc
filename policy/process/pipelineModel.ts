import { isMapping, listOf, textOf, type Node } from './pipelineFiles';

type Mapping = { readonly [key: string]: Node };

export interface PipelineStep {
  readonly name: string;
  /** What its shell runs, line by line; a continued line is one. */
  readonly commands: readonly string[];
  readonly raw: Mapping;
}
export interface PipelineJob {
  readonly name: string;
  readonly condition: string | undefined;
  /** Of a deployment: where people approve. */
  readonly environment: string | undefined;
  readonly steps: readonly PipelineStep[];
  readonly raw: Mapping;
}
export interface PipelineStage {
  readonly name: string;
  readonly dependsOn: readonly string[];
  readonly condition: string | undefined;
  readonly jobs: readonly PipelineJob[];
}

const optional = (node: Node | undefined) => (typeof node === 'string' ? node : undefined);
const commandsOf = (script: string) =>
  script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

const stepOf = (raw: Mapping): PipelineStep => {
  const inputs = isMapping(raw['inputs']) ? raw['inputs'] : {};
  return { name: textOf(raw['name']), commands: commandsOf(textOf(raw['script']) + textOf(inputs['inlineScript'])), raw };
};
const at = (node: Node | undefined, path: readonly string[]): Node | undefined =>
  path.reduce<Node | undefined>((inner, key) => (isMapping(inner) ? inner[key] : undefined), node);

const jobOf = (raw: Mapping): PipelineJob => {
  const environment = raw['environment'];
  return {
    name: textOf(raw['job'] ?? raw['deployment']),
    condition: optional(raw['condition']),
    environment: raw['deployment'] === undefined ? undefined : optional(isMapping(environment) ? environment['name'] : environment),
    steps: listOf(raw['steps'] ?? at(raw, ['strategy', 'runOnce', 'deploy', 'steps']))
      .filter(isMapping)
      .map(stepOf),
    raw,
  };
};

/** Stages of an expanded pipeline. A stage that names none before it comes after the one above it. */
export const stagesOf = (pipeline: Mapping): PipelineStage[] =>
  listOf(pipeline['stages'])
    .filter(isMapping)
    .map((raw, index, all) => {
      const before = raw['dependsOn'];
      const above = all[index - 1];
      return {
        name: textOf(raw['stage']),
        condition: optional(raw['condition']),
        jobs: listOf(raw['jobs']).filter(isMapping).map(jobOf),
        dependsOn:
          before === undefined
            ? above === undefined
              ? []
              : [textOf(above['stage'])]
            : typeof before === 'string'
              ? [before]
              : listOf(before).map(textOf),
      };
    });

export const stepsOf = (
  stages: readonly PipelineStage[],
): { readonly stage: PipelineStage; readonly job: PipelineJob; readonly step: PipelineStep }[] =>
  stages.flatMap((stage) => stage.jobs.flatMap((job) => job.steps.map((step) => ({ stage, job, step }))));

/** Whether a stage runs only after another one has succeeded. */
export function comesAfter(stages: readonly PipelineStage[], stage: PipelineStage, earlier: string): boolean {
  return stage.dependsOn.some((name) => {
    const before = stages.find((earlier) => earlier.name === name);
    return before !== undefined && (name === earlier || comesAfter(stages, before, earlier));
  });
}

export interface Lane {
  readonly name: string;
  readonly command: string;
}
/** Lanes of the gate, in their order. */
export const lanesOf = (gate: string): Lane[] =>
  [...gate.matchAll(/^\s*lane (?:'([^']+)'|(\w+)) (.+)$/gm)].map(([, quoted, plain, command = '']) => ({
    name: quoted ?? plain ?? '',
    command,
  }));
