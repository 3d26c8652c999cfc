import { SimulatedEnrolment } from '../../../../components/site/simulatedEnrolment';
import { vault } from './keyVault';

export const enrolment = new SimulatedEnrolment('enrolment', { vaultUri: vault.vaultUri, deviceId: 'aimm-plant-nord' });
