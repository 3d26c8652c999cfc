import { local } from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import type { SiteCertificate } from './siteIdentity';

/** Where a simulated site's key is kept and whose it is. */
export interface SiteVaultArgs {
  /** Vault that holds the simulated site's keys and certificates and nothing else. */
  readonly vaultUri: pulumi.Input<string>;
  /** Device that the certificate is for. */
  readonly deviceId: string;
  /** The next number makes the next key and certificate; default 1. */
  readonly certificateSerial?: number;
  /** For vaults whose host is not below the public cloud's vault domain; default false. */
  readonly disableChallengeVerification?: boolean;
  /** How long a refusal is tried again, while the deployer's role takes effect; default 900. */
  readonly roleAssignmentWaitSeconds?: number;
}
export interface SimulatedEnrolmentArgs extends SiteVaultArgs {
  /** The certificate before this one counts, too, until the site has gone over; default true. */
  readonly certificateOverlap?: boolean;
  /** How long the site may take to take up what was handed over to it; default 1800. */
  readonly takeUpSeconds?: number;
}

const publicCertificate = z.object({ certificatePem: z.string().includes('BEGIN CERTIFICATE') });

/** What `enrol-site` printed; never a key. */
export function answered<S extends z.ZodType>(schema: S, stdout: string): z.output<S> {
  const parsed = schema.safeParse(JSON.parse(stdout));
  if (!parsed.success)
    throw new Error(
      `enrol-site answered without ${parsed.error.issues.map((issue) => issue.path.join('.')).join(' and ')}: look at its log`,
    );
  return parsed.data;
}

/** Secret that the site reads; the certificates of all serials are in secrets whose names begin with it. */
export const certificateSecretName = 'device-certificate';

/** Serials whose certificates count: the one asked for and, in an overlap, the one before it. */
export const countingSerials = (serial: number, overlap: boolean): readonly number[] =>
  overlap && serial > 1 ? [serial - 1, serial] : [serial];

/** How `enrol-site` is run. */
export const enrolSiteCommand = (action: string): string => `node dist/enrol-site/index.js ${action}`;
export function vaultEnvironment({
  vaultUri,
  deviceId,
  disableChallengeVerification = false,
  roleAssignmentWaitSeconds = 900,
}: SiteVaultArgs): Record<string, pulumi.Input<string>> {
  return {
    VAULT_URI: vaultUri,
    SECRET_NAME: certificateSecretName,
    DEVICE_ID: deviceId,
    ROLE_ASSIGNMENT_WAIT_SECONDS: String(roleAssignmentWaitSeconds),
    ...(disableChallengeVerification ? { VAULT_DISABLE_CHALLENGE_VERIFICATION: 'true' } : {}),
  };
}
export const quietCommand = { addPreviousOutputInEnv: false, logging: 'stderr' } as const;

/**
 * A simulated factory is a site too: it makes its own keys, keeps them in a vault and hands out the public certificates. Each serial is a resource of
 * its own, so that a rotation makes one and forgets one, and never touches the one in use.
 */
export class SimulatedEnrolment extends pulumi.ComponentResource {
  /** Public certificates that count, odd serials first: the one in use keeps its place in a rotation. */
  readonly certificates: readonly SiteCertificate[];
  /** The one that is asked for. */
  readonly certificatePem: pulumi.Output<string>;

  constructor(name: string, args: SimulatedEnrolmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:site:SimulatedEnrolment', name, {}, opts);
    const { certificateSerial, certificateOverlap, takeUpSeconds } = {
      certificateSerial: 1,
      certificateOverlap: true,
      takeUpSeconds: 1_800,
      ...args,
    };
    const environment = vaultEnvironment(args);
    const check = new local.Command(
      name,
      {
        ...quietCommand,
        create: enrolSiteCommand('check'),
        update: enrolSiteCommand('check'),
        delete: enrolSiteCommand('delete'),
        environment: {
          ...environment,
          CERTIFICATE_SERIAL: String(certificateSerial),
          CERTIFICATE_OVERLAP: String(certificateOverlap),
          TAKE_UP_SECONDS: String(takeUpSeconds),
        },
      },
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    const made = countingSerials(certificateSerial, certificateOverlap).map((serial) => {
      const { stdout } = new local.Command(
        `${name}-certificate-${serial}`,
        {
          ...quietCommand,
          create: enrolSiteCommand('certificate'),
          update: enrolSiteCommand('certificate'),
          delete: enrolSiteCommand('forget'),
          environment: { ...environment, CERTIFICATE_SERIAL: String(serial) },
        },
        { parent: this, dependsOn: [check] },
      );
      return { serial, label: String(serial), pem: stdout.apply((text) => answered(publicCertificate, text).certificatePem) };
    });
    this.certificatePem = pulumi.output(made.find(({ serial }) => serial === certificateSerial)?.pem ?? '');
    this.certificates = made.sort((one, other) => (other.serial % 2) - (one.serial % 2));
    this.registerOutputs({ certificatePem: this.certificatePem });
  }
}
