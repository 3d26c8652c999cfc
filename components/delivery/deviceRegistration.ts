import * as pulumi from '@pulumi/pulumi';
import { registerDeviceSettings, registeredDevice } from '../../contracts/settings/registerDevice';
import { deployCommand, readAnswer } from '../resource/deployCommand';

export interface DeviceRegistrationArgs {
  /** Host name of the hub. */
  readonly iotHubHost: pulumi.Input<string>;
  /** Id of the device in the hub. */
  readonly deviceId: string;
  /** SHA-256 thumbprints of the device's certificates, hex without separators. */
  readonly primaryThumbprint: pulumi.Input<string>;
  /** The next certificate's, while the first one is being replaced. */
  readonly secondaryThumbprint?: pulumi.Input<string>;
  /** How long a refusal is tried again, while the deployer's role takes effect; default 900. */
  readonly roleAssignmentWaitSeconds?: number;
}

/** The AI Model Manager's device identity. ARM has no resource for it, so a command speaks to the hub's registry. */
export class DeviceRegistration extends pulumi.ComponentResource {
  readonly deviceId: pulumi.Output<string>;

  constructor(name: string, args: DeviceRegistrationArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:delivery:DeviceRegistration', name, {}, opts);
    const { roleAssignmentWaitSeconds } = { roleAssignmentWaitSeconds: 900, ...args };
    const registration = deployCommand(
      name,
      {
        program: 'register-device',
        create: 'create',
        update: 'update',
        delete: 'delete',
        schema: registerDeviceSettings,
        settings: {
          IOT_HUB_HOST: args.iotHubHost,
          DEVICE_ID: args.deviceId,
          PRIMARY_THUMBPRINT: args.primaryThumbprint,
          SECONDARY_THUMBPRINT: args.secondaryThumbprint,
          ROLE_ASSIGNMENT_WAIT_SECONDS: String(roleAssignmentWaitSeconds),
        },
      },
      {
        // Other thumbprints are an update: the identity, and what waits for the device, outlives its certificates.
        parent: this,
        deleteBeforeReplace: true,
        replaceOnChanges: ['environment.IOT_HUB_HOST', 'environment.DEVICE_ID'],
        ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }),
      },
    );
    this.deviceId = registration.stdout.apply((stdout) => readAnswer('register-device', registeredDevice, stdout).deviceId);
    this.registerOutputs({ deviceId: this.deviceId });
  }
}
