import { execFileSync } from 'node:child_process';

/** Commit of the sources, for the lineage of models; 'unknown' outside a Git working copy. */
export function sourceCommit(directory: string): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: directory,
      encoding: 'utf8',
      timeout: 5_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
