import * as pulumi from '@pulumi/pulumi';
import { siteDocumentsSettings } from '../../contracts/settings/siteDocuments';
import { documentNames, type HubTransport } from '../../contracts/siteDocuments';
import { deployCommand } from '../resource/deployCommand';
import { certificateFacts } from './certificateFacts';

export interface SiteDocumentsArgs {
  /** ARM id of the vault that holds the site's key; the documents come into it, too. */
  readonly vaultId: pulumi.Input<string>;
  /** Address of that vault. */
  readonly vaultUri: pulumi.Input<string>;
  /** Secret of that vault with the site's key and certificate. */
  readonly keySecretName: string;
  /** The certificate that hub and directory know, PEM; another one makes new documents. */
  readonly certificatePem: pulumi.Input<string>;
  /** Six lower case letters and digits at the end of every name. */
  readonly suffix: pulumi.Input<string>;
  /** Device that the AI Model Manager is. */
  readonly deviceId: pulumi.Input<string>;
  /** Hub that it connects to. */
  readonly iotHubHost: pulumi.Input<string>;
  /** How it connects: MQTT over TLS, or over a WebSocket; default tls. */
  readonly transport?: HubTransport;
  /** What the AI Model Monitor signs in as, and where its telemetry goes. */
  readonly monitor: {
    readonly tenantId: pulumi.Input<string>;
    readonly clientId: pulumi.Input<string>;
    readonly instrumentationKey: pulumi.Input<string>;
    readonly ingestionHost: pulumi.Input<string>;
  };
  /** Stands in the documents as their build. */
  readonly buildNumber: string;
  /** For vaults whose host is not below the public cloud's vault domain; default false. */
  readonly disableChallengeVerification?: boolean;
  /** How long a refusal is tried again, while the deployer's roles take effect; default 180. */
  readonly roleAssignmentWaitSeconds?: number;
}

/** A document in the vault; it is there once the component is. */
export interface DocumentSecret {
  /** ARM id, the scope of whoever may read it and nothing else. */
  readonly id: pulumi.Output<string>;
  /** Address without a version, so that a renewed document is found. */
  readonly uri: pulumi.Output<string>;
}

/** The configuration documents of the AI Model Manager and the AI Model Monitor, and the site's certificate under the names that Siemens' official sample gives it, in the site's vault. */
export class SiteDocuments extends pulumi.ComponentResource {
  readonly modelManager: DocumentSecret;
  readonly modelMonitor: DocumentSecret;

  constructor(name: string, args: SiteDocumentsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:site:SiteDocuments', name, {}, opts);
    const { transport, disableChallengeVerification, roleAssignmentWaitSeconds } = {
      transport: 'tls',
      disableChallengeVerification: false,
      roleAssignmentWaitSeconds: 180,
      ...args,
    };
    deployCommand(
      name,
      {
        program: 'site-documents',
        create: 'create',
        update: 'create',
        delete: 'delete',
        // Another vault, device or suffix is another set of names: it is written first, then the earlier set is deleted where it was.
        triggers: [args.vaultUri, args.deviceId, args.suffix],
        schema: siteDocumentsSettings,
        settings: {
          VAULT_URI: args.vaultUri,
          KEY_SECRET_NAME: args.keySecretName,
          CERTIFICATE_THUMBPRINT: pulumi.output(args.certificatePem).apply((pem) => certificateFacts(pem).thumbprint),
          DEVICE_ID: args.deviceId,
          DOCUMENT_SUFFIX: args.suffix,
          IOT_HUB_HOST: args.iotHubHost,
          TRANSPORT: transport,
          BUILD_NUMBER: args.buildNumber,
          TENANT_ID: args.monitor.tenantId,
          CLIENT_ID: args.monitor.clientId,
          INSTRUMENTATION_KEY: args.monitor.instrumentationKey,
          INGESTION_HOST: args.monitor.ingestionHost,
          ROLE_ASSIGNMENT_WAIT_SECONDS: String(roleAssignmentWaitSeconds),
          VAULT_DISABLE_CHALLENGE_VERIFICATION: disableChallengeVerification ? 'true' : undefined,
        },
      },
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    const names = pulumi.all([args.deviceId, args.suffix]).apply(([device, suffix]) => documentNames(device, suffix));
    const document = (which: 'modelManager' | 'modelMonitor'): DocumentSecret => ({
      id: pulumi.interpolate`${args.vaultId}/secrets/${names[which]}`,
      uri: pulumi.all([args.vaultUri, names]).apply(([uri, one]) => `${uri.replace(/\/+$/, '')}/secrets/${one[which]}`),
    });
    [this.modelManager, this.modelMonitor] = [document('modelManager'), document('modelMonitor')];
    this.registerOutputs({ modelManagerUri: this.modelManager.uri, modelMonitorUri: this.modelMonitor.uri });
  }
}
