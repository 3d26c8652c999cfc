import { Application, ApplicationCertificate, ServicePrincipal } from '@pulumi/azuread';
import * as pulumi from '@pulumi/pulumi';
import { certificateFacts } from './certificateFacts';

export interface SiteIdentityArgs {
  readonly displayName: pulumi.Input<string>;
  /** Object id of whoever deploys: an owner may change the application without any right on the rest of the directory. */
  readonly ownerObjectId: pulumi.Input<string>;
  /** Public certificates, PEM; the private keys stay on the site. */
  readonly certificates: readonly pulumi.Input<string>[];
}

/** What runs on the site signs in as this service principal, with a certificate. */
export class SiteIdentity extends pulumi.ComponentResource {
  readonly clientId: pulumi.Output<string>;
  readonly principalId: pulumi.Output<string>;

  constructor(name: string, args: SiteIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:site:SiteIdentity', name, {}, opts);
    const owners = [args.ownerObjectId];
    const application = new Application(name, { displayName: args.displayName, owners, signInAudience: 'AzureADMyOrg' }, { parent: this });
    const principal = new ServicePrincipal(name, { clientId: application.clientId, owners, appRoleAssignmentRequired: false }, { parent: this });
    args.certificates.forEach((pem, index) => {
      new ApplicationCertificate(`${name}-certificate-${index + 1}`, {
        applicationId: application.id, type: 'AsymmetricX509Cert', encoding: 'pem', value: pem, endDate: pulumi.output(pem).apply((text) => certificateFacts(text).notAfter),
      }, { parent: this });
    });
    this.clientId = application.clientId;
    this.principalId = principal.objectId;
    this.registerOutputs({ clientId: this.clientId, principalId: this.principalId });
  }
}
