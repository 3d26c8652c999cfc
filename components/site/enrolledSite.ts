import * as pulumi from '@pulumi/pulumi';
import type { FactoryGrant, GrantOptions } from '../access/factoryGrants';
import { KeyVault } from '../access/keyVault';
import type { Grantee, RoleGrants } from '../access/roleGrants';
import type { Configuration } from '../configuration/schema';
import { DeviceRegistration } from '../delivery/deviceRegistration';
import type { Deployer } from '../resource/deployer';
import { deviceId, vaultName, type NameParts } from '../resource/names';
import type { PlatformLinks } from '../resource/platformLinks';
import type { ResourceArgs } from '../resource/resourceArgs';
import { certificateFacts } from './certificateFacts';
import { CertificateHandOver } from './certificateHandOver';
import { certificateSecretName, SimulatedEnrolment, type SiteVaultArgs } from './simulatedEnrolment';
import { SiteDocuments } from './siteDocuments';
import { labelled, SiteIdentity, type SiteCertificate } from './siteIdentity';

export interface EnrolledSiteArgs {
  /** Settings of the stack. */
  readonly configuration: Configuration;
  /** Whoever deploys makes keys and registers the device. */
  readonly deployer: pulumi.Output<Deployer>;
  /** Logs and telemetry. */
  readonly platform: PlatformLinks;
  /** Resource group, Azure region and tags of its resources. */
  readonly resourceArgs: ResourceArgs;
  /** What names are made of. */
  readonly names: pulumi.Output<NameParts>;
  /** Random text of the factory. */
  readonly suffix: pulumi.Output<string>;
  /** Host name of the hub. */
  readonly iotHubHost: pulumi.Input<string>;
  /** Version that the documents of the site carry. */
  readonly buildNumber: string;
  /** Gives roles to actors of the factory. */
  readonly grant: FactoryGrant;
}

/** A site as Azure knows it: by its certificates, as a service principal and as a device. */
export interface EnrolledSite {
  readonly certificates: readonly SiteCertificate[];
  /** Ends of validity of the certificates that count, RFC 3339. */
  readonly certificatesNotAfter: pulumi.Output<string[]>;
  readonly identity: SiteIdentity;
  readonly device: DeviceRegistration;
  /** Only where the deployment makes the site's key: vault, secret, and the scope of whoever reads it. */
  readonly vaultId?: pulumi.Output<string>;
  readonly keySecretUri?: pulumi.Output<string>;
  readonly keyScope: GrantOptions;
  readonly documents?: SiteDocuments;
}

/** Whether the deployment makes the key of the site and keeps it in a vault; a plant of its own gives certificates only. */
export const holdsSiteKey = ({ edgeSite, siteDocuments }: Configuration): boolean => edgeSite.enabled || siteDocuments.keyVault;

const factsOf = (pem: pulumi.Input<string>) => pulumi.output(pem).apply(certificateFacts);

const siteVault = ({ configuration, deployer, platform, resourceArgs, names }: EnrolledSiteArgs, parent: pulumi.Resource): KeyVault =>
  new KeyVault(
    'site-vault',
    {
      ...resourceArgs,
      diagnostics: { workspaceId: platform.logAnalyticsId },
      vaultName: names.apply((parts) => vaultName('site', parts)),
      tenantId: deployer.tenantId,
      softDeleteDays: configuration.keyVault.softDeleteDays,
      protect: configuration.protectData,
    },
    { parent },
  );

/** Whoever deploys registers the device, and where there is a vault keeps the key and the documents in it. */
function deployerGrants({ configuration, deployer, grant }: EnrolledSiteArgs, vault: KeyVault | undefined): RoleGrants {
  const whoDeploys: Grantee = { principalId: deployer.objectId, principalType: configuration.deployerPrincipalType };
  return grant(
    'deployer-roles',
    { deployer: whoDeploys, ...(configuration.siteDocuments.keyVault ? { 'document-writer': whoDeploys } : {}) },
    vault === undefined ? {} : { more: { 'site-vault': vault.id } },
  );
}

const keyArgs = ({ cloud, edgeSite, factory }: Configuration, { vaultUri }: KeyVault): SiteVaultArgs => ({
  vaultUri,
  deviceId: deviceId(factory),
  certificateSerial: edgeSite.certificateSerial,
  disableChallengeVerification: cloud.keyVaultDisableChallengeVerification,
  roleAssignmentWaitSeconds: cloud.roleAssignmentWaitSeconds,
});

function siteIdentity(
  { configuration, deployer, suffix }: EnrolledSiteArgs,
  certificates: readonly SiteCertificate[],
  parent: pulumi.Resource,
): SiteIdentity {
  const { factory, servicePrincipal } = configuration;
  return new SiteIdentity(
    'site',
    {
      displayName: pulumi.interpolate`factory-loop-${factory}-${suffix}`,
      ownerObjectId: deployer.objectId,
      certificates,
      ...(servicePrincipal === 'create' ? {} : { existingClientId: servicePrincipal.existing }),
    },
    { parent },
  );
}

function registeredDevice(
  { configuration, iotHubHost }: EnrolledSiteArgs,
  certificates: readonly SiteCertificate[],
  opts: pulumi.ComponentResourceOptions,
): DeviceRegistration {
  const [primary = '', secondary] = certificates.map(({ pem }) => factsOf(pem).thumbprint);
  return new DeviceRegistration(
    'model-manager-device',
    {
      iotHubHost,
      deviceId: deviceId(configuration.factory),
      primaryThumbprint: primary,
      ...(secondary === undefined ? {} : { secondaryThumbprint: secondary }),
      roleAssignmentWaitSeconds: configuration.cloud.roleAssignmentWaitSeconds,
    },
    opts,
  );
}

/** The documents of a site whose key is in the vault. */
function siteDocuments(
  { configuration, deployer, platform, suffix, iotHubHost, buildNumber }: EnrolledSiteArgs,
  {
    vault,
    certificatePem,
    identity,
    device,
  }: { vault: KeyVault; certificatePem: pulumi.Output<string> } & Pick<EnrolledSite, 'identity' | 'device'>,
  opts: pulumi.ComponentResourceOptions,
): SiteDocuments {
  const { cloud, siteDocuments: documents } = configuration;
  return new SiteDocuments(
    'site-documents',
    {
      vaultId: vault.id,
      vaultUri: vault.vaultUri,
      keySecretName: certificateSecretName,
      certificatePem,
      suffix: documents.suffix ?? suffix,
      deviceId: device.deviceId,
      iotHubHost,
      transport: documents.transport,
      buildNumber,
      disableChallengeVerification: cloud.keyVaultDisableChallengeVerification,
      roleAssignmentWaitSeconds: cloud.roleAssignmentWaitSeconds,
      monitor: {
        tenantId: deployer.tenantId,
        clientId: identity.clientId,
        instrumentationKey: platform.telemetry.instrumentationKey,
        ingestionHost: platform.telemetry.ingestionHost,
      },
    },
    opts,
  );
}

/** Makes a site known: its key where the deployment makes one, its service principal, its device, and its documents where they are asked for. */
export function declareEnrolment(args: EnrolledSiteArgs, parent: pulumi.Resource): EnrolledSite {
  const { configuration } = args;
  const { cloud, edgeSite } = configuration;
  const vault = holdsSiteKey(configuration) ? siteVault(args, parent) : undefined;
  const granted = { parent, dependsOn: [...deployerGrants(args, vault).ready] };
  if (vault === undefined) {
    const certificates = labelled(configuration.siteCertificates);
    return {
      certificates,
      certificatesNotAfter: pulumi.all(certificates.map(({ pem }) => factsOf(pem).notAfter)),
      identity: siteIdentity(args, certificates, parent),
      device: registeredDevice(args, certificates, granted),
      keyScope: {},
    };
  }
  const keys = keyArgs(configuration, vault);
  const { certificates, certificatePem } = new SimulatedEnrolment(
    'enrolment',
    { ...keys, certificateOverlap: edgeSite.certificateOverlap, takeUpSeconds: cloud.secretRefreshSeconds },
    granted,
  );
  const identity = siteIdentity(args, certificates, parent);
  const device = registeredDevice(args, certificates, granted);
  const { thumbprint, notAfter } = factsOf(certificatePem);
  const handOver = new CertificateHandOver('certificate-hand-over', { ...keys, thumbprint }, { parent, dependsOn: [identity, device] });
  return {
    certificates,
    certificatesNotAfter: pulumi.all([notAfter]),
    identity,
    device,
    vaultId: vault.id,
    keySecretUri: handOver.secretUri,
    keyScope: { more: { 'site-vault/key': pulumi.interpolate`${vault.id}/secrets/${certificateSecretName}` }, after: [handOver] },
    ...(configuration.siteDocuments.keyVault
      ? {
          documents: siteDocuments(
            args,
            { vault, certificatePem, identity, device },
            { parent, dependsOn: [...granted.dependsOn, handOver] },
          ),
        }
      : {}),
  };
}
