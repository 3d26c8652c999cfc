import type { Principal } from './tokenAuthority';

/** How the services of the region meet. Each is implemented by the service named in its comment. */

/** entra: managed identities and applications of the tenant. */
export interface Directory {
  /** `resourceId` is the ARM id of the user-assigned identity, or of the resource that has a system-assigned one. Idempotent. */
  managedIdentity(resourceId: string, displayName: string): Principal;
  find(key: { clientId: string } | { objectId: string } | { resourceId: string }): Principal | undefined;
  remove(resourceId: string): void;
}

/** entra: the directory, and the principal that deploys. */
export interface Tenant extends Directory {
  readonly deployer: Principal;
}

/** entra: the token endpoint that a platform gives to a replica. */
export interface IdentityEndpoint {
  /**
   * Environment of a process that may act as these identities only. `protocol` is App Service's (IDENTITY_ENDPOINT and
   * IDENTITY_HEADER, Container Apps) or Azure ML compute's (MSI_ENDPOINT and MSI_SECRET). Revoke when the process has ended.
   */
  grant(
    identities: readonly Principal[],
    options: { protocol: 'appService' | 'machineLearning'; systemAssigned?: Principal },
  ): { readonly environment: Record<string, string>; revoke(): void };
}

/** event-grid: the storage and machine-learning services publish here; false in no case: events are durable once this returns. */
export interface EventPublisher {
  /** `source` is the ARM id of the resource that the system topic observes; `event` is Event Grid schema without topic, id, time. */
  publish(source: string, event: { eventType: string; subject: string; data: unknown; dataVersion?: string }): Promise<void>;
}

/** storage: calls that the platform itself makes, always as a declared identity and through the same gate. */
export interface QueueAccess {
  /** Enqueues `messageText` as it is, for 7 days by default. Rejects with code AuthorizationPermissionMismatch when the identity lacks the role. */
  send(queueId: string, messageText: string, as: Principal, timeToLiveSeconds?: number): Promise<void>;
  /** The KEDA azure-queue scaler's question: it peeks for `visibleonly`, and asks for the approximate number of all for `all` or when it sees 32 or more. */
  countMessages(queueId: string, as: Principal, strategy: 'all' | 'visibleonly'): Promise<number>;
}
export interface BlobAccess {
  write(containerId: string, name: string, body: Buffer, as: Principal): Promise<void>;
}

/** event-hubs: where IoT Hub routes to. */
export interface EventIngress {
  /** Partition chosen by key. Rejects with code amqp:unauthorized-access when the identity lacks the sender role. */
  send(
    eventHubId: string,
    event: {
      body: Buffer;
      partitionKey: string;
      applicationProperties: Record<string, unknown>;
      systemProperties: Record<string, unknown>;
    },
    as: Principal,
  ): Promise<void>;
}

/** container-registry: the image store of the platform. */
export interface ImageStore {
  /**
   * Pulls `<loginServer>/<repository>:<tag>` or `@<digest>` as the identity and unpacks it. Rejects with UNAUTHORIZED or
   * MANIFEST_UNKNOWN as Azure would. The directory is shared between replicas and read-only by agreement.
   */
  pull(
    image: string,
    as: Principal,
  ): Promise<{
    readonly directory: string;
    readonly digest: string;
    readonly command: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  }>;
}

/** key-vault: secret references of container apps. */
export interface SecretReader {
  read(secretUrl: string, as: Principal): Promise<string>;
}

/** container-apps: runs one container as a process; machine-learning uses it for its jobs. */
export interface ContainerRuntime {
  run(container: {
    readonly name: string;
    readonly image: string;
    readonly pullAs: Principal;
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
    readonly workingDirectory?: string;
    readonly logFile: string;
  }): Promise<RunningContainer>;
}
export interface RunningContainer {
  readonly pid: number;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** SIGTERM, then SIGKILL after the grace period. */
  stop(graceMs: number): Promise<void>;
}

/** resource-manager: the ARM endpoint. Services add their routes before the region starts. */
export interface ArmRequest {
  readonly match: RegExpExecArray;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly principal: Principal;
}
export interface ArmAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface ArmRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Matches the whole decoded path, without regard to case; named groups reach the handler. */
  readonly pattern: RegExp;
  /** The control-plane action that a role must grant at the scope. */
  action(match: RegExpExecArray): string;
  scope(match: RegExpExecArray): string;
  handle(request: ArmRequest): Promise<ArmAnswer>;
}
export interface ArmEndpoint {
  readonly endpoint: string;
  addRoutes(routes: readonly ArmRoute[]): void;
}
/** Thrown by a handler; answered as `{ error: { code, message } }`. */
export class ArmError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
