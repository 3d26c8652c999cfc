import * as pulumi from '@pulumi/pulumi';
import { cronScale } from '../configuration/siteHours';
import { ProgramApp } from '../programs/programApp';
import type { UniformArgs } from '../resource/uniformComponent';
import { certificateSecretName } from './simulatedEnrolment';
import { siteContainers, siteVolumes, type SiteContainersArgs } from './siteContainers';

export interface EdgeSiteArgs extends Omit<UniformArgs, 'diagnostics'>, SiteContainersArgs {
  /** Resource group of the app. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** ARM id of the Container Apps environment. */
  readonly environmentId: pulumi.Input<string>;
  /** 2 to 32 lower case letters, digits and dashes. */
  readonly appName: pulumi.Input<string>;
  /** Pulls the images and fetches the certificate; the programs themselves have no Azure identity, as in a plant. */
  readonly identityId: pulumi.Input<string>;
  /** Registry of the images. */
  readonly registryLoginServer: pulumi.Input<string>;
  /** Secret that holds the site's key and certificate, in one PEM file: the device and the service principal sign in with it. */
  readonly certificateSecretUri: pulumi.Input<string>;
}

/** The simulated factory: one app, a container for each program of the site. */
export class EdgeSite extends pulumi.ComponentResource {
  readonly appName: pulumi.Output<string>;

  constructor(name: string, args: EdgeSiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:site:EdgeSite', name, {}, opts);
    const { resourceGroupName, location, environmentId, appName, identityId, registryLoginServer } = args;
    const { tags, roleAssignments, lock, identity } = args;
    const hours = cronScale(args.site.hours);
    const app = new ProgramApp(
      name,
      {
        resourceGroupName,
        location,
        environmentId,
        appName,
        identityId,
        identityForPrograms: false,
        registryLoginServer,
        ...(tags === undefined ? {} : { tags }),
        ...(roleAssignments === undefined ? {} : { roleAssignments }),
        ...(lock === undefined ? {} : { lock }),
        ...(identity === undefined ? {} : { identity }),
        ...(hours === undefined ? {} : { hours }),
        secrets: [{ name: certificateSecretName, keyVaultUrl: args.certificateSecretUri }],
        volumes: siteVolumes,
        containers: siteContainers(args),
      },
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    this.appName = app.appName;
    this.registerOutputs({ appName: this.appName });
  }
}
