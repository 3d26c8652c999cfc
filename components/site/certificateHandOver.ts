import * as pulumi from '@pulumi/pulumi';
import { enrolSiteAnswers, enrolSiteSettings } from '../../contracts/settings/enrolSite';
import { deployCommand, readAnswer } from '../resource/deployCommand';
import { certificateSettings, type SiteVaultArgs } from './simulatedEnrolment';

export interface CertificateHandOverArgs extends SiteVaultArgs {
  /** SHA-256 thumbprint of the certificate that the site is to use from now on. */
  readonly thumbprint: pulumi.Input<string>;
}

/** Puts the key and certificate where the site reads them. It depends on whatever must know the certificate first: the service principal and the device. */
export class CertificateHandOver extends pulumi.ComponentResource {
  /** Address of the secret without a version, so that a renewed certificate is found. */
  readonly secretUri: pulumi.Output<string>;

  constructor(name: string, args: CertificateHandOverArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:site:CertificateHandOver', name, {}, opts);
    const { certificateSerial } = { certificateSerial: 1, ...args };
    const handOver = deployCommand(
      name,
      {
        program: 'enrol-site',
        create: 'hand-over',
        update: 'hand-over',
        schema: enrolSiteSettings['hand-over'],
        settings: { ...certificateSettings(args, certificateSerial), CERTIFICATE_THUMBPRINT: args.thumbprint },
      },
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    this.secretUri = handOver.stdout.apply((stdout) => readAnswer('enrol-site', enrolSiteAnswers['hand-over'], stdout).secretUri);
    this.registerOutputs({ secretUri: this.secretUri });
  }
}
