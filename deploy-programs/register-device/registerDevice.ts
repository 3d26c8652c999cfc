import type { TokenCredential } from '@azure/identity';
import { deviceDeletionSettings, registerDeviceSettings, type RegisteredDevice } from '../../contracts/settings/registerDevice';
import { readSettings } from '../../contracts/settings/settings';
import { openRegistry, registryStatus } from './iotHubRegistry';
import { untilAllowed } from '../roleAssignmentWait';

/** Gives the status of a refusal its usual place, so that a role that is still on its way is waited for. */
async function withStatus<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw Object.assign(error as Error, { statusCode: registryStatus(error) });
  });
}
const hasStatus = (error: unknown, status: number) => registryStatus(error) === status;

/** Creates, changes or deletes the identity of a device that authenticates by certificate thumbprints. Doing it again changes nothing. */
export async function registerDevice(
  action: string | undefined,
  environment: NodeJS.ProcessEnv,
  credential: TokenCredential,
): Promise<RegisteredDevice> {
  if (action === 'delete') {
    const {
      IOT_HUB_HOST: host,
      DEVICE_ID: deviceId,
      ROLE_ASSIGNMENT_WAIT_SECONDS: waitSeconds,
    } = readSettings('register-device', deviceDeletionSettings, environment);
    const registry = openRegistry(host, credential);
    return untilAllowed(
      async () => {
        try {
          await withStatus(registry.delete(deviceId));
          return { deviceId, status: 'deleted' };
        } catch (error) {
          if (hasStatus(error, 404)) return { deviceId, status: 'absent' };
          throw error;
        }
      },
      { waitSeconds, log: (message) => console.error(message) },
    );
  }
  if (action !== 'create' && action !== 'update')
    throw new Error(`expected create, update or delete as the first argument, got ${action ?? 'nothing'}`);
  const settings = readSettings('register-device', registerDeviceSettings, environment);
  const primaryThumbprint = settings.PRIMARY_THUMBPRINT.toUpperCase();
  const secondaryThumbprint = settings.SECONDARY_THUMBPRINT?.toUpperCase() ?? '';
  const deviceId = settings.DEVICE_ID;
  const wanted = {
    deviceId,
    status: 'enabled' as const,
    authentication: { type: 'selfSigned' as const, x509Thumbprint: { primaryThumbprint, secondaryThumbprint } },
  };
  const registry = openRegistry(settings.IOT_HUB_HOST, credential);

  return untilAllowed(
    async (): Promise<RegisteredDevice> => {
      const before = await withStatus(registry.get(deviceId)).catch((error: unknown) => {
        if (hasStatus(error, 404)) return undefined;
        throw error;
      });
      if (!before) {
        try {
          await withStatus(registry.create(wanted));
          return { deviceId, status: 'created' };
        } catch (error) {
          if (!hasStatus(error, 409)) throw error;
        }
      }
      const known = before?.responseBody;
      const has = known?.authentication?.x509Thumbprint;
      if (
        known?.status === 'enabled' &&
        has?.primaryThumbprint?.toUpperCase() === primaryThumbprint &&
        (has.secondaryThumbprint ?? '').toUpperCase() === secondaryThumbprint
      )
        return { deviceId, status: 'unchanged' };
      await withStatus(registry.update(wanted));
      return { deviceId, status: 'updated' };
    },
    { waitSeconds: settings.ROLE_ASSIGNMENT_WAIT_SECONDS, log: (message) => console.error(message) },
  );
}
