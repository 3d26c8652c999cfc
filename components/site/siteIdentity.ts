import { Application, ApplicationCertificate, getServicePrincipalOutput, ServicePrincipal } from '@pulumi/azuread';
import * as pulumi from '@pulumi/pulumi';
import { certificateFacts } from './certificateFacts';

/** A public certificate of the site. `label` tells it from the others in names of resources: in a rotation one comes and another goes, and the rest stay as they are. */
export interface SiteCertificate {
  readonly label: string;
  readonly pem: pulumi.Input<string>;
}

/** Given certificates, labelled by themselves. */
export const labelled = (pems: readonly string[]): SiteCertificate[] =>
  pems.map((pem) => ({ label: certificateFacts(pem).thumbprint.slice(0, 16).toLowerCase(), pem }));

export interface SiteIdentityArgs {
  /** Name of the application in the directory. */
  readonly displayName: pulumi.Input<string>;
  /** Object id of whoever deploys: an owner may change the application without any right on the rest of the directory. */
  readonly ownerObjectId: pulumi.Input<string>;
  /** Public certificates, PEM; the private keys stay on the site. */
  readonly certificates: readonly SiteCertificate[];
  /** Client id of a service principal that is there already, which is then used and left as it is, certificates included; default a new one. */
  readonly existingClientId?: string;
}

/** What runs on the site signs in as this service principal, with a certificate. */
export class SiteIdentity extends pulumi.ComponentResource {
  readonly clientId: pulumi.Output<string>;
  readonly principalId: pulumi.Output<string>;

  constructor(name: string, args: SiteIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:site:SiteIdentity', name, {}, opts);
    if (args.existingClientId === undefined) {
      const made = this.create(name, args);
      [this.clientId, this.principalId] = [made.clientId, made.objectId];
    } else {
      this.clientId = pulumi.output(args.existingClientId);
      this.principalId = getServicePrincipalOutput({ clientId: args.existingClientId }, { parent: this }).objectId;
    }
    this.registerOutputs({ clientId: this.clientId, principalId: this.principalId });
  }

  private create(name: string, args: SiteIdentityArgs): ServicePrincipal {
    const owners = [args.ownerObjectId];
    const application = new Application(name, { displayName: args.displayName, owners, signInAudience: 'AzureADMyOrg' }, { parent: this });
    const principal = new ServicePrincipal(
      name,
      { clientId: application.clientId, owners, appRoleAssignmentRequired: false },
      { parent: this },
    );
    for (const { label, pem } of args.certificates) {
      new ApplicationCertificate(
        `${name}-certificate-${label}`,
        {
          applicationId: application.id,
          type: 'AsymmetricX509Cert',
          encoding: 'pem',
          value: pem,
          endDate: pulumi.output(pem).apply((text) => certificateFacts(text).notAfter),
        },
        { parent: this },
      );
    }
    return principal;
  }
}
