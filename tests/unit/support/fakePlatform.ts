import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerApps, type ContainerAppsEvent } from '../../../local-azure/container-apps/containerApps';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { armId } from '../../../local-azure/region/armId';
import type { Clock } from '../../../local-azure/region/clock';
import { createRegionContext } from '../../../local-azure/region/regionContext';
import { ResourceManager } from '../../../local-azure/resource-manager/resourceManager';
import type { Directory, IdentityEndpoint, ImageStore } from '../../../local-azure/region/serviceInterfaces';

export const group = 'factory';
export const identityId = armId(group, 'Microsoft.ManagedIdentity/userAssignedIdentities', 'program');
export const registryServer = 'registry.test';

class FakeDirectory implements Directory {
  private readonly known = new Map<string, Principal>();
  managedIdentity(resourceId: string, displayName: string) {
    const key = resourceId.toLowerCase();
    const principal = this.known.get(key) ?? { objectId: randomUUID(), clientId: randomUUID(), displayName };
    this.known.set(key, principal);
    return principal;
  }
  find(key: { clientId: string } | { objectId: string } | { resourceId: string }) {
    if ('resourceId' in key) return this.known.get(key.resourceId.toLowerCase());
    return [...this.known.values()].find((one) => ('clientId' in key ? one.clientId === key.clientId : one.objectId === key.objectId));
  }
  remove(resourceId: string) {
    this.known.delete(resourceId.toLowerCase());
  }
}

/** Container Apps over a temporary directory; images are directories with an `index.js` that the test writes. */
export async function platform(options: { readonly directory?: string; readonly clock?: Clock } = {}) {
  const directory = options.directory ?? realpathSync(mkdtempSync(join(tmpdir(), 'region-')));
  const lines: string[] = [];
  const context = await createRegionContext({
    directory,
    log: (_service, message) => void lines.push(message),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const identities = new FakeDirectory();
  identities.managedIdentity(identityId, 'program');
  const granted = new Set<string>();
  const identityEndpoint: IdentityEndpoint = {
    grant: (principals, { protocol, systemAssigned }) => {
      const header = `header-${Math.random()}`;
      granted.add(header);
      return {
        environment: {
          IDENTITY_HEADER: header,
          GRANTED: [...principals, ...(systemAssigned ? [systemAssigned] : [])].map((one) => one.displayName).join(),
          PROTOCOL: protocol,
        },
        revoke: () => granted.delete(header),
      };
    },
  };
  const images: ImageStore & { add(name: string, script: string): string } = {
    add: (name, script) => {
      mkdirSync(join(directory, 'images', name), { recursive: true });
      writeFileSync(join(directory, 'images', name, 'index.js'), script);
      return `${registryServer}/${name}:1`;
    },
    pull: async (image) => {
      const name = /^registry\.test\/(.+):1$/.exec(image)?.[1];
      if (name === undefined) throw new Error(`MANIFEST_UNKNOWN: ${image}`);
      return {
        directory: join(directory, 'images', name),
        digest: 'sha256:1',
        command: ['node', 'index.js'],
        environment: { FROM_IMAGE: 'yes' },
      };
    },
  };
  const queue = { length: 0, error: undefined as Error | undefined, asked: 0 };
  const secrets = { value: undefined as string | undefined, refusal: undefined as Error | undefined };
  const resourceManager = new ResourceManager(context);
  await resourceManager.start();
  const containerApps = new ContainerApps(context, {
    directory: identities,
    identityEndpoint,
    images,
    resourceManager,
    queues: {
      send: async () => undefined,
      countMessages: async () => {
        queue.asked++;
        if (queue.error) throw queue.error;
        return queue.length;
      },
    },
    secrets: {
      read: async (url, as) => {
        if (secrets.refusal) throw secrets.refusal;
        return secrets.value ?? `secret of ${url} for ${as.displayName}`;
      },
    },
    resolveStorageAccount: (name) => (name === 'data' ? armId(group, 'Microsoft.Storage/storageAccounts', name) : undefined),
  });
  const events: ContainerAppsEvent[] = [];
  containerApps.onEvent((event) => events.push(event));
  await containerApps.start();
  return {
    directory,
    context,
    containerApps,
    resourceManager,
    images,
    queue,
    secrets,
    logged: () => lines.join('\n'),
    events,
    granted,
    identities,
    identityEndpoint,
    event: async <T extends ContainerAppsEvent['type']>(type: T, count = 1) => {
      for (let tries = 0; events.filter((one) => one.type === type).length < count; tries++) {
        if (tries > 400) throw new Error(`no ${count} events ${type}; there were ${JSON.stringify(events)}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      return events.filter((one) => one.type === type)[count - 1] as Extract<ContainerAppsEvent, { type: T }>;
    },
    close: async (keep = false) => {
      await containerApps.stop();
      await resourceManager.stop();
      context.close();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}

export const jobId = (name: string) => armId(group, 'Microsoft.App/jobs', name);
export const appId = (name: string) => armId(group, 'Microsoft.App/containerApps', name);
