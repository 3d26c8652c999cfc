import { local } from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import { answered, enrolSiteCommand, quietCommand, vaultEnvironment, type SiteVaultArgs } from './simulatedEnrolment';

const handedOver = z.object({ secretUri: z.url() });

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
    const handOver = new local.Command(
      name,
      {
        ...quietCommand,
        create: enrolSiteCommand('hand-over'),
        update: enrolSiteCommand('hand-over'),
        environment: { ...vaultEnvironment(args), CERTIFICATE_SERIAL: String(certificateSerial), CERTIFICATE_THUMBPRINT: args.thumbprint },
      },
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    this.secretUri = handOver.stdout.apply((text) => answered(handedOver, text).secretUri);
    this.registerOutputs({ secretUri: this.secretUri });
  }
}
