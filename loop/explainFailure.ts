import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { LocalRegion } from '../local-azure/localRegion';

const logFolders = ['container-apps/logs', 'machine-learning/logs'];
const errorFields = ['error', 'status', 'errorCode'] as const;

/** The last error line that a program wrote into its log. */
function lastError(regionDirectory: string, program: string): Record<string, unknown> {
  const files = logFolders.flatMap((folder) =>
    existsSync(join(regionDirectory, folder))
      ? readdirSync(join(regionDirectory, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(regionDirectory, folder, name))
      : [],
  );
  for (const file of files
    .filter((name) => basename(name).startsWith(program) && name.endsWith('.log'))
    .sort()
    .reverse()) {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').reverse();
    for (const line of lines) {
      try {
        const entry = JSON.parse(line) as Record<string, unknown>;
        if (entry['level'] === 'error')
          return Object.fromEntries(errorFields.flatMap((key) => (entry[key] === undefined ? [] : [[key, entry[key]]])));
      } catch {
        continue;
      }
    }
  }
  return {};
}

/** What the region knows about a failed program: its last error and the refusals of its identity. */
export async function explainFailure(region: LocalRegion, program: string): Promise<Record<string, unknown>> {
  const refused = region.context.gate.denials.filter((denial) => denial.identity.includes(program)).at(-1);
  return {
    program,
    ...lastError(region.context.directory, program),
    ...(refused ? { identity: refused.identity, lacks: refused.action, scope: refused.scope, grantedBy: refused.rolesThatGrant } : {}),
  };
}
