import * as pulumi from '@pulumi/pulumi';
import type { factoryGrants, GrantOptions } from '../access/factoryGrants';
import { KeyVault } from '../access/keyVault';
import type { Grantee } from '../access/roleGrants';
import type { Configuration } from '../configuration/schema';
import { DeviceRegistration } from '../delivery/deviceRegistration';
import { deviceId, vaultName, type NameParts } from '../resource/names';
import type { Deployer } from '../resource/deployer';
import type { PlatformLinks } from '../resource/platformLinks';
import { certificateFacts } from './certificateFacts';
import { CertificateHandOver } from './certificateHandOver';
import { certificateSecretName, SimulatedEnrolment } from './simulatedEnrolment';
import { SiteDocuments } from './siteDocuments';
import { labelled, SiteIdentity, type SiteCertificate } from './siteIdentity';

export interface EnrolledSiteArgs {
  /** Settings of the stack. */
  readonly configuration: Configuration;
  /** Whoever deploys makes keys and registers the device. */
  readonly deployer: pulumi.Output<Deployer>;
  /** Logs and telemetry. */
  readonly platform: PlatformLinks;
  /** Where resources go, and their tags. */
  readonly place: {
    readonly resourceGroupName: pulumi.Input<string>;
    readonly location: string;
    readonly tags: Readonly<Record<string, string>>;
  };
  /** What names are made of. */
  readonly names: pulumi.Output<NameParts>;
  /** Random text of the factory. */
  readonly suffix: pulumi.Output<string>;
  /** Host name of the hub. */
  readonly iotHubHost: pulumi.Input<string>;
  /** Version that the documents of the site carry. */
  readonly buildNumber: string;
  /** Gives roles to actors of the factory. */
  readonly grant: ReturnType<typeof factoryGrants>;
}

/** A site as Azure knows it: by its certificates, as a service principal and as a device. */
export interface EnrolledSite {
  readonly certificates: readonly SiteCertificate[];
  /** Ends of validity of the certificates that count, RFC 3339. */
  readonly certificatesNotAfter: pulumi.Output<string[]>;
  readonly identity: SiteIdentity;
  readonly device: DeviceRegistration;
  /** Only where the deployment makes the site's key: vault, secret, and the scope of whoever reads it. */
  readonly vaultId: pulumi.Output<string> | undefined;
  readonly keySecretUri: pulumi.Output<string> | undefined;
  readonly keyScope: GrantOptions;
  readonly documents: SiteDocuments | undefined;
}

/** Whether the deployment makes the key of the site and keeps it in a vault; a plant of its own gives certificates only. */
export const holdsSiteKey = ({ edgeSite, siteDocuments }: Configuration): boolean => edgeSite.enabled || siteDocuments.keyVault;

/** Makes a site known: its key where the deployment makes one, its service principal, its device, and its documents where they are asked for. */
export function enrolSite(args: EnrolledSiteArgs, parent: pulumi.Resource): EnrolledSite {
  const { configuration, deployer, platform, place, names, suffix, grant } = args;
  const { cloud, edgeSite, factory, servicePrincipal: principal, siteDocuments } = configuration;
  const { roleAssignmentWaitSeconds } = cloud;
  const { tenantId } = deployer;
  const child = { parent };
  const siteVault = holdsSiteKey(configuration)
    ? new KeyVault(
        'site-vault',
        {
          ...place,
          diagnostics: { workspaceId: platform.logAnalyticsId },
          vaultName: names.apply((parts) => vaultName('site', parts)),
          tenantId,
          softDeleteDays: configuration.keyVault.softDeleteDays,
          protect: configuration.protectData,
        },
        child,
      )
    : undefined;
  const vaultScope = siteVault === undefined ? {} : { more: { 'site-vault': siteVault.id } };
  const whoDeploys: Grantee = { principalId: deployer.objectId, principalType: configuration.deployerPrincipalType };
  const deployerGrants = grant(
    'deployer-roles',
    { deployer: whoDeploys, ...(siteDocuments.keyVault ? { 'document-writer': whoDeploys } : {}) },
    vaultScope,
  );
  const siteKeys =
    siteVault === undefined
      ? undefined
      : {
          vaultUri: siteVault.vaultUri,
          deviceId: deviceId(factory),
          certificateSerial: edgeSite.certificateSerial,
          disableChallengeVerification: cloud.keyVaultDisableChallengeVerification,
          roleAssignmentWaitSeconds,
        };
  const enrolment =
    siteKeys === undefined
      ? undefined
      : new SimulatedEnrolment(
          'enrolment',
          { ...siteKeys, certificateOverlap: edgeSite.certificateOverlap, takeUpSeconds: cloud.secretRefreshSeconds },
          { ...child, dependsOn: [...deployerGrants.ready] },
        );
  const certificates = enrolment?.certificates ?? labelled(configuration.siteCertificates);
  const factsOf = (pem: pulumi.Input<string>) => pulumi.output(pem).apply(certificateFacts);
  const identity = new SiteIdentity(
    'site',
    {
      displayName: pulumi.interpolate`factory-loop-${factory}-${suffix}`,
      ownerObjectId: deployer.objectId,
      certificates,
      ...(principal === 'create' ? {} : { existingClientId: principal.existing }),
    },
    child,
  );
  const [primary = '', secondary] = certificates.map(({ pem }) => factsOf(pem).thumbprint);
  const device = new DeviceRegistration(
    'model-manager-device',
    {
      iotHubHost: args.iotHubHost,
      deviceId: deviceId(factory),
      primaryThumbprint: primary,
      ...(secondary === undefined ? {} : { secondaryThumbprint: secondary }),
      roleAssignmentWaitSeconds,
    },
    { ...child, dependsOn: [...deployerGrants.ready] },
  );
  const handOver =
    siteKeys === undefined || enrolment === undefined
      ? undefined
      : new CertificateHandOver(
          'certificate-hand-over',
          { ...siteKeys, thumbprint: factsOf(enrolment.certificatePem).thumbprint },
          { ...child, dependsOn: [identity, device] },
        );
  const keyScope =
    siteVault === undefined || handOver === undefined
      ? {}
      : { more: { 'site-vault/key': pulumi.interpolate`${siteVault.id}/secrets/${certificateSecretName}` }, after: [handOver] };

  const documents =
    siteVault === undefined || enrolment === undefined || handOver === undefined || !siteDocuments.keyVault
      ? undefined
      : new SiteDocuments(
          'site-documents',
          {
            vaultId: siteVault.id,
            vaultUri: siteVault.vaultUri,
            keySecretName: certificateSecretName,
            certificatePem: enrolment.certificatePem,
            suffix: siteDocuments.suffix ?? suffix,
            deviceId: device.deviceId,
            iotHubHost: args.iotHubHost,
            transport: siteDocuments.transport,
            buildNumber: args.buildNumber,
            disableChallengeVerification: cloud.keyVaultDisableChallengeVerification,
            roleAssignmentWaitSeconds,
            monitor: {
              tenantId,
              clientId: identity.clientId,
              instrumentationKey: platform.telemetry.instrumentationKey,
              ingestionHost: platform.telemetry.ingestionHost,
            },
          },
          { ...child, dependsOn: [...deployerGrants.ready, handOver] },
        );
  return {
    certificates,
    certificatesNotAfter: pulumi.all(
      enrolment === undefined ? certificates.map(({ pem }) => factsOf(pem).notAfter) : [factsOf(enrolment.certificatePem).notAfter],
    ),
    identity,
    device,
    vaultId: siteVault?.id,
    keySecretUri: handOver?.secretUri,
    keyScope,
    documents,
  };
}
