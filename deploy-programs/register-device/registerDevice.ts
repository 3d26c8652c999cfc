import type { Device, Registry } from 'azure-iothub';
import type { DeployAction } from '../../contracts/programs';
import { deviceDeletionSettings, registerDeviceSettings, type RegisteredDevice } from '../../contracts/settings/registerDevice';
import { readSettings } from '../../contracts/settings/settings';
import type { DeployWork } from '../deployProgram';
import { retryUntilReady } from '../retryUntilReady';
import { isMissing, statusOf } from '../transientFailure';
import { iotHubRegistry } from './iotHubRegistry';

const program = 'register-device';

/** The identity of a device that signs in with certificates of these thumbprints. */
const enabledDevice = (deviceId: string, primaryThumbprint: string, secondaryThumbprint: string) => ({
  deviceId,
  status: 'enabled' as const,
  authentication: { type: 'selfSigned' as const, x509Thumbprint: { primaryThumbprint, secondaryThumbprint } },
});

type EnabledDevice = ReturnType<typeof enabledDevice>;

function isSame(known: Device, { authentication }: EnabledDevice): boolean {
  const { primaryThumbprint, secondaryThumbprint } = known.authentication?.x509Thumbprint ?? {};
  return (
    known.status === 'enabled' &&
    primaryThumbprint?.toUpperCase() === authentication.x509Thumbprint.primaryThumbprint &&
    (secondaryThumbprint ?? '').toUpperCase() === authentication.x509Thumbprint.secondaryThumbprint
  );
}

async function createOrUpdate(registry: Registry, device: EnabledDevice): Promise<RegisteredDevice['status']> {
  const known = await registry.get(device.deviceId).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (known === undefined) {
    try {
      await registry.create(device);
      return 'created';
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
    }
  } else if (isSame(known.responseBody, device)) return 'unchanged';
  await registry.update(device);
  return 'updated';
}

async function deleteIfThere(registry: Registry, deviceId: string): Promise<RegisteredDevice['status']> {
  try {
    await registry.delete(deviceId);
    return 'deleted';
  } catch (error) {
    if (statusOf(error) === 404) return 'absent';
    throw error;
  }
}

const register: DeployWork<RegisteredDevice> = async (environment, credential) => {
  const settings = readSettings(program, registerDeviceSettings, environment);
  const { DEVICE_ID: deviceId, PRIMARY_THUMBPRINT: primary, SECONDARY_THUMBPRINT: secondary = '' } = settings;
  const registry = iotHubRegistry(settings.IOT_HUB_HOST, credential);
  const device = enabledDevice(deviceId, primary.toUpperCase(), secondary.toUpperCase());
  return retryUntilReady(async () => ({ deviceId, status: await createOrUpdate(registry, device) }), settings.ROLE_ASSIGNMENT_WAIT_SECONDS);
};

const remove: DeployWork<RegisteredDevice> = async (environment, credential) => {
  const settings = readSettings(program, deviceDeletionSettings, environment);
  const { DEVICE_ID: deviceId } = settings;
  const registry = iotHubRegistry(settings.IOT_HUB_HOST, credential);
  return retryUntilReady(
    async () => ({ deviceId, status: await deleteIfThere(registry, deviceId) }),
    settings.ROLE_ASSIGNMENT_WAIT_SECONDS,
  );
};

/** Creates, changes or deletes the identity of a device that authenticates by certificate thumbprints. Doing it again changes nothing. */
export const registerDevice = { create: register, update: register, delete: remove } satisfies Record<
  DeployAction<'register-device'>,
  DeployWork<RegisteredDevice>
>;
