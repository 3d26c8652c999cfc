import { z } from 'zod';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import { ArmError, type ArmAnswer } from '../region/serviceInterfaces';
import type { ServedRegistry } from './registryRequests';

const importRequest = z.object({
  source: z.object({
    registryUri: z.string().min(1),
    sourceImage: z.string().regex(/^[^\s@:]+@sha256:[0-9a-f]{64}$/, 'an image by digest: the local region imports nothing else'),
  }),
  targetTags: z.array(z.string().regex(/^[a-z0-9][a-z0-9._/-]*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'repository:tag')).length(1),
  mode: z.enum(['NoForce', 'Force']).default('NoForce'),
});

/** Images that were imported from elsewhere: by name and digest, without their bytes, which no program here runs on. */
export class ImageImports {
  private readonly imported: AppendOnlyStore<{ readonly digest: string }>;

  constructor(private readonly context: Pick<RegionContext, 'openStore' | 'log'>) {
    this.imported = context.openStore('container-registry/imports');
  }

  take(registry: ServedRegistry, body: unknown): ArmAnswer {
    const request = importRequest.safeParse(body);
    if (!request.success)
      throw new ArmError(
        400,
        'InvalidRequest',
        request.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
      );
    const {
      source,
      targetTags: [target = ''],
      mode,
    } = request.data;
    const key = keyOf(registry.id, target);
    if (mode === 'NoForce' && this.imported.has(key))
      throw new ArmError(409, 'Conflict', `Tag ${target} already exists in target registry.`);
    this.imported.set(key, { digest: source.sourceImage.split('@')[1] ?? '' });
    this.context.log('container-registry', 'image imported', { from: `${source.registryUri}/${source.sourceImage}`, to: target });
    return { status: 200, body: {} };
  }

  /** A build that begins with an image of its own registry finds it there, or fails as a pull would. */
  checkBase(registry: ServedRegistry, base: string): void {
    const [, repository, digest] =
      /^([^@]+)@(sha256:[0-9a-f]{64})$/.exec(
        base.startsWith(`${registry.loginServer}/`) ? base.slice(registry.loginServer.length + 1) : '',
      ) ?? [];
    if (repository === undefined) return;
    const there = [...this.imported.entries()].some(
      ([key, imported]) => key.startsWith(keyOf(registry.id, `${repository}:`)) && imported.digest === digest,
    );
    if (!there) throw new Error(`pull ${base}: manifest unknown`);
  }

  forget(registry: string): void {
    for (const [key] of [...this.imported.entries()]) if (key.startsWith(`${registry}|`)) this.imported.delete(key);
  }
}

const keyOf = (registry: string, image: string) => `${registry.toLowerCase()}|${image}`;
