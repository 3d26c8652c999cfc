import { Registry } from '@pulumi/azure-native/containerregistry';
import * as pulumi from '@pulumi/pulumi';

export interface ImageRegistryArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  /** 5 to 50 letters and digits, unique in the world. */
  readonly registryName: pulumi.Input<string>;
  readonly sku: 'Basic' | 'Premium';
  readonly tags: Readonly<Record<string, string>>;
}

/** The registry of program images, models and packages. No admin user, nothing anonymous; Container Apps signs in with tokens made for ARM. */
export class ImageRegistry extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly loginServer: pulumi.Output<string>;

  constructor(name: string, args: ImageRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:ImageRegistry', name, {}, opts);
    const { resourceGroupName, location, registryName, sku, tags } = args;
    const registry = new Registry(name, {
      resourceGroupName, location, registryName, sku: { name: sku }, adminUserEnabled: false, anonymousPullEnabled: false, publicNetworkAccess: 'Enabled',
      policies: { azureADAuthenticationAsArmPolicy: { status: 'enabled' } }, tags,
    }, { parent: this });
    this.id = registry.id;
    this.loginServer = registry.loginServer;
    this.registerOutputs({ id: this.id, loginServer: this.loginServer });
  }
}
