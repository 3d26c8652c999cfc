import * as pulumi from '@pulumi/pulumi';
import { enrolSiteAnswers, enrolSiteSettings } from '../../contracts/settings/enrolSite';
import type { SettingsOf } from '../../contracts/settings/settings';
import { deployCommand, readAnswer } from '../resource/deployCommand';
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
  /** The certificate before this one counts, too, until the site has switched; default true. */
  readonly certificateOverlap?: boolean;
  /** How long the site may take to take up what was handed over to it; default 1800. */
  readonly takeUpSeconds?: number;
}

/** Secret that the site reads; the certificates of all serials are in secrets whose names begin with it. */
export const certificateSecretName = 'device-certificate';

/** Serials whose certificates count: the one asked for and, in an overlap, the one before it. */
const countingSerials = (serial: number, overlap: boolean): readonly number[] => (overlap && serial > 1 ? [serial - 1, serial] : [serial]);

/** What `enrol-site` must know of every certificate. */
export const certificateSettings = (
  { vaultUri, deviceId, disableChallengeVerification = false, roleAssignmentWaitSeconds = 900 }: SiteVaultArgs,
  serial: number,
): SettingsOf<(typeof enrolSiteSettings)['certificate'], pulumi.Input<string>> => ({
  VAULT_URI: vaultUri,
  SECRET_NAME: certificateSecretName,
  DEVICE_ID: deviceId,
  ROLE_ASSIGNMENT_WAIT_SECONDS: String(roleAssignmentWaitSeconds),
  VAULT_DISABLE_CHALLENGE_VERIFICATION: disableChallengeVerification ? 'true' : undefined,
  CERTIFICATE_SERIAL: String(serial),
});

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
    const check = deployCommand(
      name,
      {
        program: 'enrol-site',
        create: 'check',
        update: 'check',
        delete: 'delete',
        schema: enrolSiteSettings.check,
        settings: {
          ...certificateSettings(args, certificateSerial),
          CERTIFICATE_OVERLAP: String(certificateOverlap),
          TAKE_UP_SECONDS: String(takeUpSeconds),
        },
      },
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    const made = countingSerials(certificateSerial, certificateOverlap).map((serial) => {
      const { stdout } = deployCommand(
        `${name}-certificate-${serial}`,
        {
          program: 'enrol-site',
          create: 'certificate',
          update: 'certificate',
          delete: 'forget',
          schema: enrolSiteSettings.certificate,
          settings: certificateSettings(args, serial),
        },
        { parent: this, dependsOn: [check] },
      );
      return {
        serial,
        label: String(serial),
        pem: stdout.apply((text) => readAnswer('enrol-site', enrolSiteAnswers.certificate, text).certificatePem),
      };
    });
    this.certificatePem = pulumi.output(made.find(({ serial }) => serial === certificateSerial)?.pem ?? '');
    this.certificates = made.sort((certificate, other) => (other.serial % 2) - (certificate.serial % 2));
    this.registerOutputs({ certificatePem: this.certificatePem });
  }
}
