import { DeviceRegistration } from '../../../../components/delivery/deviceRegistration';
import { route } from './messageRoute';

export const device = new DeviceRegistration('line-two', {
  iotHubHost: route.iotHubHost,
  deviceId: 'aimm-line-two',
  primaryThumbprint: 'A'.repeat(64),
});
