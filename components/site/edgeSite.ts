import * as pulumi from '@pulumi/pulumi';
import type { ProgramName } from '../../contracts/programs';
import type { Configuration } from '../configuration/schema';
import { cronScale } from '../configuration/siteHours';
import { ProgramApp } from '../programs/programApp';
import type { TelemetryTargets } from '../resource/platformLinks';
import type { UniformArgs } from '../resource/uniformComponent';
import { certificateSecretName } from './simulatedEnrolment';
import { siteContainers, siteVolumes } from './siteContainers';

export interface EdgeSiteArgs extends Omit<UniformArgs, 'diagnostics'> {
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
  /** Image of each program, by digest. */
  readonly images: Readonly<Record<ProgramName, pulumi.Input<string>>>;
  /** Name of the factory, on telemetry and batches. */
  readonly factory: string;
  /** Device that the model manager is in the hub. */
  readonly deviceId: pulumi.Input<string>;
  /** Hub that it connects to. */
  readonly iotHubHost: pulumi.Input<string>;
  /** Ports, line and intervals of the simulated site. */
  readonly site: Configuration['edgeSite'];
  /** Secret that holds the site's key and certificate, in one PEM file: the device and the service principal sign in with it. */
  readonly certificateSecretUri: pulumi.Input<string>;
  /** How the programs that talk to Azure sign in. */
  readonly signIn: {
    readonly clientId: pulumi.Input<string>;
    readonly tenantId: pulumi.Input<string>;
    readonly authorityHost: string;
    readonly disableInstanceDiscovery: boolean;
  };
  /** Where logs and metrics go. */
  readonly telemetry: TelemetryTargets;
  /** Resource that tokens for telemetry are asked for. */
  readonly monitorAudience: string;
  /** Where inference data go. */
  readonly landingZone: { readonly blobEndpoint: pulumi.Input<string>; readonly container: pulumi.Input<string> };
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
