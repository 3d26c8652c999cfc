import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { secretRefreshMs } from './container-apps/app';
import { ContainerApps } from './container-apps/containerApps';
import { ContainerRegistry } from './container-registry/containerRegistry';
import { Entra } from './entra/entra';
import { EventGrid } from './event-grid/eventGrid';
import { EventHubs } from './event-hubs/eventHubs';
import { IotHub } from './iot-hub/iotHub';
import { KeyVault } from './key-vault/keyVault';
import { MachineLearning } from './machine-learning/machineLearning';
import { Monitor } from './monitor/monitor';
import { ResourceManager } from './resource-manager/resourceManager';
import { Storage } from './storage/storage';
import {
  createRegionContext,
  subscriptionId,
  tenantId,
  type RegionContext,
  type RegionOptions,
  type Service,
} from './region/regionContext';
import type { Principal } from './region/tokenAuthority';
import { catalogueOf, type Catalogue } from './provider/catalogue';
import { EngineProvider } from './provider/engineProvider';
import type { Deployment, ProgramRun } from './provider/host';
import type { ProviderServer } from './provider/providerServer';
import { regionTypes } from './regionTypes';

/** The local Azure region: every service in one process, state below one directory. */
export class LocalRegion {
  readonly id = randomUUID();
  readonly entra: Entra;
  readonly resourceManager: ResourceManager;
  readonly keyVault: KeyVault;
  readonly containerRegistry: ContainerRegistry;
  readonly storage: Storage;
  readonly eventGrid: EventGrid;
  readonly eventHubs: EventHubs;
  readonly iotHub: IotHub;
  readonly containerApps: ContainerApps;
  readonly machineLearning: MachineLearning;
  readonly monitor: Monitor;
  /** Every Pulumi type and function of the region. */
  readonly catalogue: Catalogue;
  private readonly provider: EngineProvider;
  private readonly services: readonly Service[];
  private running: Service[] = [];

  private constructor(readonly context: RegionContext & { close(): void }) {
    this.entra = new Entra(context);
    this.resourceManager = new ResourceManager(context);
    this.keyVault = new KeyVault(context);
    this.containerRegistry = new ContainerRegistry(context, this.resourceManager);
    this.storage = new Storage(context);
    this.eventGrid = new EventGrid(context, { directory: this.entra, queues: this.storage, blobs: this.storage });
    this.storage.events = this.eventGrid;
    this.eventHubs = new EventHubs(context);
    this.iotHub = new IotHub(context, { directory: this.entra, ingress: this.eventHubs });
    this.containerApps = new ContainerApps(context, {
      directory: this.entra,
      identityEndpoint: this.entra,
      images: this.containerRegistry,
      queues: this.storage,
      secrets: this.keyVault,
      resourceManager: this.resourceManager,
      resolveStorageAccount: (name) => this.storage.accountByName(name),
    });
    this.machineLearning = new MachineLearning(context, {
      directory: this.entra,
      identityEndpoint: this.entra,
      runtime: this.containerApps,
      resourceManager: this.resourceManager,
      events: this.eventGrid,
    });
    this.monitor = new Monitor(context);
    // Whoever acts comes last, so that what it acts on answers; stopping goes the other way.
    this.services = [
      this.entra,
      this.resourceManager,
      this.keyVault,
      this.containerRegistry,
      this.storage,
      this.eventGrid,
      this.eventHubs,
      this.iotHub,
      this.monitor,
      this.machineLearning,
      this.containerApps,
    ];
    this.catalogue = catalogueOf(regionTypes(this));
    this.provider = new EngineProvider(this.catalogue);
  }

  /** `directory` holds all state; a region started on an earlier one's directory goes on where that one was. */
  static async start(directory: string, options: Pick<RegionOptions, 'clock' | 'tokenLifetimeSeconds'> = {}): Promise<LocalRegion> {
    const logFile = `${directory}/logs/region.log`;
    mkdirSync(dirname(logFile), { recursive: true });
    const context = await createRegionContext({
      ...options,
      directory,
      log: (service, message, detail = {}) =>
        appendFileSync(logFile, `${JSON.stringify({ time: new Date().toISOString(), service, message, ...detail })}\n`),
    });
    context.gate.onDenial((denial) => context.log('gate', 'refused', { ...denial }));
    // The region's clients in this process trust its authority as its programs do.
    setDefaultCACertificates([...getCACertificates('default'), context.tls.ca]);
    const region = new LocalRegion(context);
    try {
      for (const service of region.services) {
        await service.start();
        region.running.push(service);
      }
    } catch (error) {
      await region.stop();
      throw error;
    }
    return region;
  }

  async stop(): Promise<void> {
    for (const service of this.running.reverse()) {
      await service.stop().catch((error: Error) => this.context.log(service.name, 'did not stop cleanly', { error: error.message }));
    }
    this.running = [];
    this.context.close();
  }

  /** Runs a Pulumi program in this process until what it declares is in the region. Once per process. */
  async deploy(run: ProgramRun): Promise<Deployment> {
    // Whoever wants the services only needs no Pulumi.
    const { deploy } = await import('./provider/host');
    return deploy(this.provider, run);
  }

  /** Answers a real Pulumi engine, until it is stopped. */
  async serveProvider(): Promise<ProviderServer> {
    const { ProviderServer } = await import('./provider/providerServer');
    return ProviderServer.start(this.provider, (service, message, detail) => this.context.log(service, message, detail));
  }

  /** An identity for a person or tool that looks at the region, with no role of its own. */
  principal(name: string): Principal {
    return this.entra.managedIdentity(`/subscriptions/${subscriptionId}/people/${name}`, name);
  }

  /** The settings with which a stack uses this region instead of the public cloud. */
  get cloud(): {
    readonly resourceManagerEndpoint: string;
    readonly resourceManagerAudience: string;
    readonly authorityHost: string;
    readonly keyVaultDisableChallengeVerification: true;
    readonly roleAssignmentWaitSeconds: 0;
    readonly propagationSeconds: 0;
    readonly secretRefreshSeconds: number;
    readonly disableInstanceDiscovery: true;
    readonly logsQueryEndpoint: string;
  } {
    return {
      resourceManagerEndpoint: this.resourceManager.endpoint,
      resourceManagerAudience: 'https://management.azure.com',
      authorityHost: this.entra.authorityHost,
      keyVaultDisableChallengeVerification: true,
      roleAssignmentWaitSeconds: 0,
      propagationSeconds: 0,
      secretRefreshSeconds: (2 * secretRefreshMs) / 1_000,
      disableInstanceDiscovery: true,
      logsQueryEndpoint: this.monitor.endpoint,
    };
  }
  readonly tenantId = tenantId;
}
