import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Principal } from '../region/tokenAuthority';
import { nameOf } from '../region/armId';
import { ResourceError } from '../region/resourceType';
import type { ContainerRuntime, Directory, IdentityEndpoint, RunningContainer, SecretReader } from '../region/serviceInterfaces';
import type { ContainerDeclaration, Workload } from './declarations';
import { onHost, type Mount } from './mounts';

export interface ReplicaServices {
  readonly directory: Directory;
  readonly identityEndpoint: IdentityEndpoint;
  readonly secrets: SecretReader;
  readonly runtime: ContainerRuntime;
}

/** The identities that a resource declares, and only those. */
export class WorkloadIdentities {
  private readonly userAssigned: ReadonlyMap<string, Principal>;
  readonly systemAssigned: Principal | undefined;

  constructor(
    private readonly resourceId: string,
    private readonly workload: Workload,
    directory: Directory,
  ) {
    const declared = workload.identity;
    this.userAssigned = new Map(
      (declared?.userAssignedIdentities ?? []).map((id) => {
        const principal = directory.find({ resourceId: id });
        if (principal === undefined)
          throw new ResourceError(
            'FailedIdentityOperation',
            `the identity ${id} does not exist.`,
            'Declare it before the resource that uses it.',
          );
        return [id.toLowerCase(), principal];
      }),
    );
    this.systemAssigned =
      declared?.type.includes('SystemAssigned') === true ? directory.managedIdentity(resourceId, nameOf(resourceId)) : undefined;
  }

  /** `reference` is the ARM id of a user-assigned identity, or `system`. */
  find(reference: string, purpose: string): Principal {
    const principal = reference.toLowerCase() === 'system' ? this.systemAssigned : this.userAssigned.get(reference.toLowerCase());
    if (principal === undefined)
      throw new ResourceError(
        'ManagedIdentityNotAssigned',
        `${purpose} names the identity ${reference}, which ${nameOf(this.resourceId)} does not have.`,
        'Add it to identity.userAssignedIdentities.',
      );
    return principal;
  }
  /** Identities whose tokens the containers of a phase may ask for. */
  usableIn(phase: 'Init' | 'Main'): { identities: Principal[]; systemAssigned?: Principal } {
    const lifecycle = (reference: string) =>
      this.workload.configuration.identitySettings.find((setting) => setting.identity.toLowerCase() === reference)?.lifecycle ?? 'All';
    const usable = (reference: string) => ['All', phase].includes(lifecycle(reference));
    const identities = [...this.userAssigned].filter(([id]) => usable(id)).map(([, principal]) => principal);
    return this.systemAssigned !== undefined && usable('system') ? { identities, systemAssigned: this.systemAssigned } : { identities };
  }
  /** The identity of the registry credential that fits the image. */
  pullAs(image: string): Principal {
    const server = image.split('/')[0] ?? '';
    const credential = this.workload.configuration.registries.find((registry) => registry.server.toLowerCase() === server.toLowerCase());
    if (credential === undefined)
      throw new ResourceError(
        'InvalidParameterValueInContainerTemplate',
        `the image ${image} cannot be pulled: UNAUTHORIZED, configuration.registries has no credential for ${server}.`,
        'Name the registry and the identity that has the role AcrPull.',
      );
    return this.find(credential.identity, `configuration.registries (${server})`);
  }
}

/** Volumes, secrets and identities of one replica; containers are started in it. */
export class Replica {
  private readonly grants = new Map<string, { readonly environment: Record<string, string>; revoke(): void }>();
  private readonly secretDirectories: string[] = [];
  private readonly mounts = new Map<string, string>();
  private readonly secretFiles: { readonly file: string; readonly secret: string }[] = [];
  private secretValues = new Map<string, string>();
  /** What the last look at the vaults found, other than what is mounted. */
  private seenValues = new Map<string, string>();

  private constructor(
    readonly name: string,
    private readonly identities: WorkloadIdentities,
    private readonly workload: Workload,
    private readonly services: ReplicaServices,
  ) {}

  /** `hostDirectory` holds the volumes; what is in it is kept. Rejects when a secret cannot be read. */
  static async create(
    name: string,
    options: {
      readonly resourceId: string;
      readonly workload: Workload;
      readonly hostDirectory: string;
      readonly services: ReplicaServices;
    },
  ): Promise<Replica> {
    const { resourceId, workload, hostDirectory, services } = options;
    const replica = new Replica(name, new WorkloadIdentities(resourceId, workload, services.directory), workload, services);
    replica.secretValues = await readSecrets(workload, replica.identities, services.secrets);
    for (const volume of workload.template.volumes) {
      const volumeDirectory = join(hostDirectory, volume.name);
      mkdirSync(volumeDirectory, { recursive: true, mode: 0o700 });
      replica.mounts.set(volume.name, volumeDirectory);
      if (volume.storageType !== 'Secret') continue;
      replica.secretDirectories.push(volumeDirectory);
      for (const { secretRef, path } of volume.secrets ??
        [...replica.secretValues.keys()].map((secretRef) => ({ secretRef, path: undefined }))) {
        const file = join(volumeDirectory, path ?? secretRef);
        replica.secretFiles.push({ file, secret: secretRef });
        replica.writeSecret(file, replica.secretValues.get(secretRef) ?? '');
      }
    }
    return replica;
  }

  /** Whoever reads the file finds the old value or the new one, never a part. */
  private writeSecret(file: string, value: string): void {
    writeFileSync(`${file}.new`, value, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  /**
   * Looks at the vaults again, as the declared identities. What two looks in a row have found is mounted; returns the names of the secrets whose
   * files are new. What can no longer be read stays as it is, and the refusal is thrown.
   */
  async refreshSecrets(): Promise<string[]> {
    const found = await readSecrets(this.workload, this.identities, this.services.secrets);
    const settled = [...found]
      .filter(([name, value]) => value !== this.secretValues.get(name) && value === this.seenValues.get(name))
      .map(([name]) => name);
    this.seenValues = found;
    for (const name of settled) this.secretValues.set(name, found.get(name) ?? '');
    const files = this.secretFiles.filter(({ secret }) => settled.includes(secret));
    for (const { file, secret } of files) this.writeSecret(file, this.secretValues.get(secret) ?? '');
    return [...new Set(files.map(({ secret }) => secret))];
  }

  private grant(phase: 'Init' | 'Main') {
    const known = this.grants.get(phase);
    if (known) return known.environment;
    const { identities, systemAssigned } = this.identities.usableIn(phase);
    const grant = this.services.identityEndpoint.grant(identities, {
      protocol: 'appService',
      ...(systemAssigned ? { systemAssigned } : {}),
    });
    this.grants.set(phase, grant);
    return grant.environment;
  }

  async start(container: ContainerDeclaration, phase: 'Init' | 'Main', logFile: string): Promise<RunningContainer> {
    const mounts: Mount[] = container.volumeMounts.map((mount) => ({
      mountPath: mount.mountPath,
      hostPath: join(this.mounts.get(mount.volumeName) ?? '', mount.subPath ?? ''),
    }));
    for (const { hostPath } of mounts) mkdirSync(hostPath, { recursive: true, mode: 0o700 });
    const declared = container.env.map(
      (variable) =>
        [
          variable.name,
          onHost(variable.secretRef === undefined ? (variable.value ?? '') : (this.secretValues.get(variable.secretRef) ?? ''), mounts),
        ] as const,
    );
    const translated = (words: readonly string[]) => words.map((word) => onHost(word, mounts));
    return this.services.runtime.run({
      name: `${this.name}/${container.name}`,
      image: container.image,
      pullAs: this.identities.pullAs(container.image),
      logFile,
      environment: { ...Object.fromEntries(declared), ...this.grant(phase) },
      ...(container.command?.length ? { command: translated(container.command) } : {}),
      ...(container.args ? { args: translated(container.args) } : {}),
    });
  }

  /** Takes the tokens' right and the secret files away. */
  release(): void {
    for (const grant of this.grants.values()) grant.revoke();
    this.grants.clear();
    for (const directory of this.secretDirectories) rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

/** Values of all secrets, by name; those in a vault are read as the identity that the declaration names. */
export async function readSecrets(workload: Workload, identities: WorkloadIdentities, secrets: SecretReader): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const secret of workload.configuration.secrets) {
    values.set(
      secret.name,
      secret.keyVaultUrl === undefined
        ? (secret.value ?? '')
        : await secrets.read(secret.keyVaultUrl, identities.find(secret.identity ?? '', `the secret ${secret.name}`)),
    );
  }
  return values;
}
