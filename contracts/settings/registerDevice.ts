import { z } from 'zod';
import { roleAssignmentWait } from './deployment';
import { text } from './settings';

const thumbprint = () => z.string().regex(/^(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/, 'a SHA-1 or SHA-256 thumbprint in hex');
const device = {
  IOT_HUB_HOST: text(),
  DEVICE_ID: z.string().regex(/^[A-Za-z0-9\-.%_*?!(),:=@$']{1,128}$/, 'an IoT Hub device id'),
  ...roleAssignmentWait,
};

/** Settings of `register-device`; a deletion needs the device only. */
export const registerDeviceSettings = z.object({
  ...device,
  PRIMARY_THUMBPRINT: thumbprint(),
  /** The next certificate's, while the first one is being replaced. */
  SECONDARY_THUMBPRINT: thumbprint().optional(),
});
export const deviceDeletionSettings = z.object(device);

/** Answer of `register-device`. */
export const registeredDevice = z.object({
  deviceId: z.string(),
  status: z.enum(['created', 'updated', 'unchanged', 'deleted', 'absent']),
});
export type RegisteredDevice = z.output<typeof registeredDevice>;
