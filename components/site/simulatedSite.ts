import type * as pulumi from '@pulumi/pulumi';
import type { ProgramName } from '../../contracts/programs';
import type { Configuration } from '../configuration/schema';
import type { Deployer } from '../resource/deployer';
import { programName, type NameParts } from '../resource/names';
import type { PlatformLinks } from '../resource/platformLinks';
import type { ResourceArgs } from '../resource/resourceArgs';
import { EdgeSite, type EdgeSiteArgs } from './edgeSite';
import type { EnrolledSite } from './enrolledSite';

export interface SimulatedSiteArgs extends Pick<
  EdgeSiteArgs,
  'iotHubHost' | 'landingZone' | 'environmentId' | 'identityId' | 'certificateSecretUri'
> {
  /** Settings of the stack. */
  readonly configuration: Configuration;
  /** Tenant that the site signs in to. */
  readonly deployer: pulumi.Output<Deployer>;
  /** Registry and telemetry. */
  readonly platform: PlatformLinks;
  /** Resource group, Azure region and tags of the app. */
  readonly resourceArgs: ResourceArgs;
  /** What names are made of. */
  readonly names: pulumi.Output<NameParts>;
  /** Image of each program, by digest. */
  readonly images: Readonly<Record<ProgramName, pulumi.Input<string>>>;
  /** The site as Azure knows it: what it signs in as. */
  readonly site: Pick<EnrolledSite, 'device' | 'identity'>;
}

/** The simulated site of a factory, as the stack's settings want it. */
export function simulatedSite(args: SimulatedSiteArgs, opts: pulumi.ComponentResourceOptions): EdgeSite {
  const { configuration, deployer, platform, resourceArgs, names, site } = args;
  const { cloud, edgeSite, factory } = configuration;
  return new EdgeSite(
    'edge-site',
    {
      ...resourceArgs,
      environmentId: args.environmentId,
      registryLoginServer: platform.registry.loginServer,
      images: args.images,
      appName: names.apply((parts) => programName('edge-site', parts)),
      identityId: args.identityId,
      factory,
      deviceId: site.device.deviceId,
      iotHubHost: args.iotHubHost,
      site: edgeSite,
      certificateSecretUri: args.certificateSecretUri,
      telemetry: platform.telemetry,
      monitorAudience: cloud.monitorAudience,
      signIn: {
        clientId: site.identity.clientId,
        tenantId: deployer.tenantId,
        authorityHost: cloud.authorityHost,
        disableInstanceDiscovery: cloud.disableInstanceDiscovery,
      },
      landingZone: args.landingZone,
    },
    opts,
  );
}
