/** The programs that are packed into images, and the room each lives in. */
export const programs = {
  'data-pipeline': 'pipeline-code',
  'model-development': 'pipeline-code',
  train: 'pipeline-code',
  'validate-and-package': 'pipeline-code',
  'tag-and-deliver': 'pipeline-code',
  delivery: 'pipeline-code',
  databus: 'edge-sim',
  'production-line': 'edge-sim',
  'inference-server': 'edge-sim',
  'model-manager': 'edge-sim',
  'otel-collector': 'edge-sim',
  'model-monitor': 'edge-sim',
  'auth-proxy': 'edge-sim',
  'data-collector': 'edge-sim',
  'data-collector-hub': 'edge-sim',
} as const;
export type ProgramName = keyof typeof programs;

/** Programs that Pulumi runs while it deploys, and the actions that each takes as its first argument; bundled, but never an image. */
export const deployPrograms = {
  'register-device': ['create', 'update', 'delete'],
  'enrol-site': ['check', 'certificate', 'hand-over', 'forget', 'delete'],
  'site-documents': ['create', 'delete'],
  'build-image': [],
} as const;
export type DeployProgramName = keyof typeof deployPrograms;
export type DeployAction<P extends DeployProgramName> = (typeof deployPrograms)[P][number];
