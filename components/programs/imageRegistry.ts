import { Registry } from '@pulumi/azure-native/containerregistry';
import * as pulumi from '@pulumi/pulumi';
import { attach, type UniformArgs } from '../resource/uniformComponent';

/** Whoever pulls and pushes has an identity; the registry needs none. */
export interface ImageRegistryArgs extends Omit<UniformArgs, 'identity'> {
  /** Resource group of the registry. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** 5 to 50 letters and digits, unique in the world. */
  readonly registryName: pulumi.Input<string>;
  /** Tier: Premium alone has private endpoints, zones and a retention policy. Default Basic. */
  readonly sku?: 'Basic' | 'Standard' | 'Premium';
  /** Manifests without a tag are deleted after this time; 0, the default, keeps them. Premium only. */
  readonly untaggedDays?: number;
  /** Whether copies are kept in three zones, set at creation; default false. Premium only. */
  readonly zoneRedundant?: boolean;
  /** Pulumi refuses to delete the registry; default false. */
  readonly protect?: boolean;
}

const defaults = { sku: 'Basic', untaggedDays: 0, zoneRedundant: false, protect: false } as const;

/** The registry of program images, models and packages. No admin user, nothing anonymous; Container Apps signs in with tokens made for ARM. */
export class ImageRegistry extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly loginServer: pulumi.Output<string>;

  constructor(name: string, args: ImageRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:ImageRegistry', name, {}, opts);
    const { resourceGroupName, location, registryName, sku, untaggedDays, zoneRedundant, protect, tags } = { ...defaults, ...args };
    const registry = new Registry(
      name,
      {
        resourceGroupName,
        location,
        registryName,
        sku: { name: sku },
        adminUserEnabled: false,
        anonymousPullEnabled: false,
        publicNetworkAccess: 'Enabled',
        policies: {
          azureADAuthenticationAsArmPolicy: { status: 'enabled' },
          ...(untaggedDays === 0 ? {} : { retentionPolicy: { status: 'enabled', days: untaggedDays } }),
        },
        ...(zoneRedundant ? { zoneRedundancy: 'Enabled' } : {}),
        ...(tags === undefined ? {} : { tags }),
      },
      { parent: this, protect },
    );
    attach(name, args, { id: registry.id }, this);
    this.id = registry.id;
    this.loginServer = registry.loginServer;
    this.registerOutputs({ id: this.id, loginServer: this.loginServer });
  }
}
