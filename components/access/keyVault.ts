import { Resource } from '@pulumi/azure-native/resources';
import * as pulumi from '@pulumi/pulumi';
import { known } from '../resource/known';
import { attach, type UniformArgs } from '../resource/uniformComponent';

/** A vault acts as nobody, so it has no identity. */
export interface KeyVaultArgs extends Omit<UniformArgs, 'identity'> {
  /** Resource group of the vault. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** 3 to 24 characters, unique in the world. */
  readonly vaultName: pulumi.Input<string>;
  /** Tenant whose identities may be given roles. */
  readonly tenantId: pulumi.Input<string>;
  /** How long deleted secrets can be recovered; cannot be changed later. Default 90. */
  readonly softDeleteDays?: number;
  /** Pulumi refuses to delete the vault; default false. */
  readonly protect?: boolean;
}

/**
 * A key vault that knows Azure RBAC only. Declared through the generic resource because every control-plane version before 2026-02-01 retires
 * in February 2027, and the typed class still speaks an older one.
 */
export class KeyVault extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly vaultUri: pulumi.Output<string>;

  constructor(name: string, args: KeyVaultArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:access:KeyVault', name, {}, opts);
    const { softDeleteDays, protect, tags } = { softDeleteDays: 90, protect: false, ...args };
    const vault = new Resource(
      name,
      {
        apiVersion: '2026-02-01',
        resourceProviderNamespace: 'Microsoft.KeyVault',
        parentResourcePath: '',
        resourceType: 'vaults',
        resourceGroupName: args.resourceGroupName,
        resourceName: args.vaultName,
        location: args.location,
        ...(tags === undefined ? {} : { tags }),
        properties: {
          tenantId: args.tenantId,
          sku: { family: 'A', name: 'standard' },
          accessPolicies: [],
          enableRbacAuthorization: true,
          enableSoftDelete: true,
          softDeleteRetentionInDays: softDeleteDays,
          enablePurgeProtection: true,
          publicNetworkAccess: 'Enabled',
          networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' },
        },
      },
      { parent: this, protect },
    );
    attach(name, args, { id: vault.id }, this);
    this.id = vault.id;
    this.vaultUri = vault.properties.apply((properties: { vaultUri?: string }) => known(properties.vaultUri, 'vaultUri'));
    this.registerOutputs({ id: this.id, vaultUri: this.vaultUri });
  }
}
