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

/** Programs that Pulumi runs while it deploys; bundled, but never an image. */
export const deployPrograms = ['register-device', 'enrol-site', 'site-documents', 'build-image'] as const;
